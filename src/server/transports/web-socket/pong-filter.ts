import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { FEW_BYTES } from '../../../domain/request-room.ts'

/** Bytes that each piece of a message takes in memory beside its own, about: a frame, or a chunk of the connection. */
const PIECE_BYTES = 200
/** Most bytes of a frame's header: its kind and length, eight bytes of length, and its mask. */
const MAX_HEADER_BYTES = 14
/** First two bytes of a client's empty pong. The other four are its mask. */
const EMPTY_PONG = [0x8a, 0x80] as const
const EMPTY_PONG_BYTES = 6

/**
 * Removes empty pongs from the bytes of a client, before Node's streams and `ws` see them. Idle clients send little else.
 *
 * A ping and its empty pong cost 13.5 µs of processor time, and 15.3 µs without this filter: see
 * docs/decisions/0008-one-encoding-for-all.md.
 *
 * A pong is removed only if it has come as a chunk of its own, at the beginning of a frame. `ws` gets everything else
 * unchanged. Long messages are reported while they come: `ws` keeps their pieces, and does not say how many.
 *
 * @param socket an upgraded socket
 * @param head bytes that the client had sent before the socket was upgraded. The socket does not emit them again.
 */
export function takeEmptyPongs(socket: Socket, head: Buffer, listener: FrameListener): void {
  const state: FilterState = { listener, rest: 0, header: null, isOpen: false, unfinished: 0, isReported: false }
  const filtered: FilteredSocket = Object.assign(socket, { [FILTER]: state })
  filtered.push = pushOthers
  follow(state, head)
}

/** Gets the pongs that are removed, and hears of long messages. */
export interface FrameListener {
  pongedEmpty(): void
  /** Called with the bytes that a message takes which has come in part: when they become more, and with 0 at its end. */
  receiving(bytes: number): void
}

/** Key of the filter's state on the socket itself, so that all sockets share one function. */
const FILTER = Symbol('pong filter')

interface FilterState {
  readonly listener: FrameListener
  /** Bytes of the last frame that are still to come. */
  rest: number
  /** The first bytes of a frame whose header has come in part. */
  header: Buffer | null
  /** True while further frames of a message are to come. */
  isOpen: boolean
  /** Bytes that the unfinished message takes. */
  unfinished: number
  isReported: boolean
}

interface FilteredSocket extends Socket {
  readonly [FILTER]: FilterState
}

function pushOthers(this: FilteredSocket, bytes: Buffer | null, encoding?: BufferEncoding): boolean {
  const state = this[FILTER]
  if (bytes) {
    if (state.rest === 0 && state.header === null && isEmptyPong(bytes)) {
      state.listener.pongedEmpty()
      return true
    }
    follow(state, bytes)
  }
  return Readable.prototype.push.call(this, bytes, encoding)
}

function isEmptyPong(bytes: Buffer): boolean {
  return bytes.length === EMPTY_PONG_BYTES && bytes[0] === EMPTY_PONG[0] && bytes[1] === EMPTY_PONG[1]
}

/** Finds out which frames and messages end in a chunk, and reports a long message that does not. */
function follow(state: FilterState, bytes: Buffer): void {
  let from = 0
  let at = 0
  while (at < bytes.length) {
    if (state.rest === 0) at = beginFrame(state, bytes, at)
    const taken = Math.min(state.rest, bytes.length - at)
    at += taken
    state.rest -= taken
    if (state.rest > 0 || state.header || state.isOpen) continue
    state.unfinished = 0
    from = at
  }
  if (from < bytes.length) state.unfinished += bytes.length - from + PIECE_BYTES
  const isLong = state.unfinished > FEW_BYTES
  if (isLong || state.isReported) state.listener.receiving(isLong ? state.unfinished : 0)
  state.isReported = isLong
}

/**
 * Reads the header of the frame that begins at `at`, or goes on there. Returns the position of what is still to be read of the frame.
 */
function beginFrame(state: FilterState, bytes: Buffer, at: number): number {
  const known = state.header?.length ?? 0
  const header = state.header ? Buffer.concat([state.header, bytes.subarray(at, at + MAX_HEADER_BYTES)]) : bytes
  const start = state.header ? 0 : at
  const length = frameLength(header, start)
  if (Number.isNaN(length)) {
    state.header = Buffer.from(header.subarray(start))
    return bytes.length
  }
  state.header = null
  state.rest = length - known
  const first = header[start] ?? 0
  // A control frame may come between the frames of a message.
  if ((first & 0x0f) < 8) state.isOpen = (first & 0x80) === 0
  if (state.isOpen) state.unfinished += PIECE_BYTES
  return at
}

/**
 * Returns the length of the frame that begins at `at`. NaN when its header is not complete.
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
