import type { Socket } from 'node:net'
import { Readable } from 'node:stream'

/** The first two bytes of a client's pong that repeats nothing; the other four are its mask. */
const EMPTY_PONG = [0x8a, 0x80] as const
const EMPTY_PONG_BYTES = 6

/**
 * Takes pongs that repeat nothing out of what a client sends, before anything else sees them. They are most of what idle
 * clients send, and the way through Node's streams and `ws` costs more than all the rest of a ping and its answer.
 *
 * Only what has come as a piece of its own is taken out, where a frame must begin; `ws` gets everything else as it came.
 *
 * @param socket an upgraded socket
 * @param head what the client had sent before the socket was upgraded, which does not come through it again
 */
export function takeEmptyPongs(socket: Socket, head: Buffer, listener: PongListener): void {
  const filtered: FilteredSocket = Object.assign(socket, { [FILTER]: { listener, rest: restBehind(head, 0) } })
  filtered.push = pushOthers
}

/** Hears of the pongs that are taken out. */
export interface PongListener {
  pongedEmpty(): void
}

/** On the socket itself, so that all sockets share one function. */
const FILTER = Symbol('pong filter')

interface FilteredSocket extends Socket {
  readonly [FILTER]: {
    readonly listener: PongListener
    /** Bytes of the last frame that are still to come; NaN once that cannot be told, as a header came in two pieces. */
    rest: number
  }
}

function pushOthers(this: FilteredSocket, bytes: Buffer | null, encoding?: BufferEncoding): boolean {
  const filter = this[FILTER]
  if (bytes) {
    if (filter.rest === 0 && isEmptyPong(bytes)) {
      filter.listener.pongedEmpty()
      return true
    }
    filter.rest = restBehind(bytes, filter.rest)
  }
  return Readable.prototype.push.call(this, bytes, encoding)
}

function isEmptyPong(bytes: Buffer): boolean {
  return bytes.length === EMPTY_PONG_BYTES && bytes[0] === EMPTY_PONG[0] && bytes[1] === EMPTY_PONG[1]
}

/** How many bytes of the last frame in these are still to come, when they begin with the rest of another. */
function restBehind(bytes: Buffer, rest: number): number {
  let end = rest
  while (end < bytes.length) end += frameLength(bytes, end)
  return end - bytes.length
}

/**
 * Bytes of a frame that begins somewhere in these; NaN when they do not say.
 *
 * @see RFC 6455, section 5.2
 */
function frameLength(bytes: Buffer, at: number): number {
  const second = bytes[at + 1]
  if (second === undefined) return Number.NaN
  const maskBytes = second & 0x80 ? 4 : 0
  const size = second & 0x7f
  if (size < 126) return 2 + maskBytes + size
  const headerBytes = size === 126 ? 4 : 10
  if (at + headerBytes > bytes.length) return Number.NaN
  const length = size === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  return headerBytes + maskBytes + length
}
