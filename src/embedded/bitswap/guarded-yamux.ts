import { yamux } from '@libp2p/yamux'
import { GatheredBytes } from '../dag/gathered-bytes.ts'
import type { InboundRoom } from './inbound-room.ts'

const HEADER_BYTES = 12
const DATA = 0
/** Largest window of a stream. js-libp2p sends frames as large as the window, Kubo of 64 KiB. */
const MAX_WINDOW_BYTES = 1024 * 1024
/** Streams of one connection that its peer may have opened. Kubo needs one for each protocol, pinql one for each message. */
const MAX_INBOUND_STREAMS = 128
/** Bytes that a connection may bring for streams whose protocol is not negotiated. Peers send the first message at once. */
const MAX_EARLY_BYTES = 1024 * 1024
/** Pings and new streams that are answered while the peer reads nothing. */
const MAX_UNREAD_REPLIES = 1_000

interface FrameHeader {
  readonly type: number
  readonly flag: number
  readonly streamID: number
  readonly length: number
}

interface Frame {
  readonly header: FrameHeader
  readonly data?: Uint8Array
}

/** The parts of yamux's muxer that are guarded. */
interface Muxer {
  decoder: { emitFrames(chunk: { subarray(): Uint8Array }): Iterable<Frame> }
  handleFrame(frame: Frame): void
  readonly streams: readonly { readonly streamId: number; readonly protocol: string }[]
  readonly maConn: {
    readonly writableNeedsDrain: boolean
    readonly remoteAddr: object
    addEventListener(event: 'close', listener: () => void): void
    abort(reason: Error): void
  }
}

/**
 * Creates libp2p's yamux with bounds that it lacks: it would gather a frame of 4 GiB, take 4 MiB for each of a thousand streams, and
 * store replies without end for a peer that reads none. A peer that goes beyond a bound is disconnected.
 */
export function guardedYamux(room: InboundRoom): ReturnType<typeof yamux> {
  const create = yamux({
    maxInboundStreams: MAX_INBOUND_STREAMS,
    streamOptions: { maxStreamWindowSize: MAX_WINDOW_BYTES },
  })
  return () => {
    const factory = create()
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = createStreamMuxer(connection)
      guard(muxer as unknown as Muxer, room)
      return muxer
    }
    return factory
  }
}

function guard(muxer: Muxer, room: InboundRoom): void {
  const gathered = new GatheredBytes()
  const { maConn } = muxer
  const setHeld = room.open(maConn.remoteAddr, (reason) => maConn.abort(reason))
  maConn.addEventListener('close', () => setHeld(0))
  muxer.decoder = {
    *emitFrames(chunk) {
      yield* framesIn(gathered, chunk.subarray())
      setHeld(gathered.heldBytes)
    },
  }
  const handleFrame = muxer.handleFrame.bind(muxer)
  /** Bytes by the id of a stream whose protocol is not negotiated. */
  const early = new Map<number, number>()
  let unreadReplies = 0
  muxer.handleFrame = (frame) => {
    const { type, length, streamID } = frame.header
    if (type !== DATA) {
      unreadReplies = muxer.maConn.writableNeedsDrain ? unreadReplies + 1 : 0
      if (unreadReplies > MAX_UNREAD_REPLIES) throw new RangeError('The peer reads no replies')
    } else if (muxer.streams.some(({ streamId, protocol }) => streamId === streamID && protocol === '')) {
      early.set(streamID, (early.get(streamID) ?? 0) + length)
      forgetNegotiated(muxer, early)
      if (sumOf(early) > MAX_EARLY_BYTES) throw new RangeError('The peer sends too much before it says what it is')
    }
    // Throws for whatever else is wrong. The muxer then ends the connection.
    handleFrame(frame)
  }
}

function forgetNegotiated({ streams }: Muxer, early: Map<number, number>): void {
  for (const id of early.keys()) {
    const stream = streams.find(({ streamId }) => streamId === id)
    if (stream === undefined || stream.protocol !== '') early.delete(id)
  }
}

function sumOf(numbers: ReadonlyMap<unknown, number>): number {
  let sum = 0
  for (const number of numbers.values()) sum += number
  return sum
}

/** @see https://github.com/hashicorp/yamux/blob/master/spec.md#framing */
function* framesIn(gathered: GatheredBytes, chunk: Uint8Array): Generator<Frame> {
  const bytes = gathered.add(chunk)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let offset = 0
  let needed: number | undefined
  while (bytes.length - offset >= HEADER_BYTES) {
    if (view.getUint8(offset) !== 0) throw new RangeError('The version of a yamux frame is not 0')
    const header: FrameHeader = {
      type: view.getUint8(offset + 1),
      flag: view.getUint16(offset + 2),
      streamID: view.getUint32(offset + 4),
      length: view.getUint32(offset + 8),
    }
    const start = offset + HEADER_BYTES
    if (header.type !== DATA) {
      offset = start
      yield { header }
      continue
    }
    if (header.length > MAX_WINDOW_BYTES) throw new RangeError(`A yamux frame has ${header.length} bytes`)
    if (start + header.length > bytes.length) {
      needed = HEADER_BYTES + header.length
      break
    }
    offset = start + header.length
    yield { header, data: bytes.subarray(start, offset) }
  }
  gathered.keep(bytes, offset, needed)
}
