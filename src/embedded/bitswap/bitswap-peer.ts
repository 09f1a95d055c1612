import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import type { EventLoopTurns } from '../dag/event-loop-turns.ts'
import { frame } from '../dag/frames.ts'
import { varint } from '../dag/varint.ts'
import { type BlockEntry, encodeBitswapMessage, type PresenceEntry, type WantEntry } from './bitswap-message.ts'

export const BITSWAP = '/ipfs/bitswap/1.2.0'

const SEND_TIMEOUT_MS = 10_000
/** A message has blocks of about so many bytes, so that the wants of one peer take little memory. */
const MESSAGE_BYTES = 1024 * 1024
/** Most wants of one peer that are kept. Further ones are dropped, and so are wants of CIDs longer than any block has. */
const MAX_WISHES = 1_024
/** Wants that are looked up for one message. Other work of the thread runs before the next one. */
const WISHES_PER_MESSAGE = 256
const MAX_CID_BYTES = 128

/** The blocks that are served to peers. */
export interface ServedBlocks {
  /** Returns the bytes of a block, or null. */
  get(multihash: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>
  /** Returns whether there is the block, without reading it. Default: `get` is asked. */
  has?(multihash: Uint8Array): boolean
}

/** One connected peer: the blocks that it is asked for, and the blocks that it wants from us. */
export class BitswapPeer {
  /** Keys of the blocks that the peer was asked for and has not sent. */
  readonly asked = new Set<string>()
  /** Time of the last wanted block from this peer, by `performance.now()`. */
  lastBlockAt = 0
  /** Number of times since then that the peer was silent for so long that others were asked instead. */
  timesSilent = 0
  readonly #id: PeerId
  readonly #libp2p: Libp2p
  readonly #blocks: ServedBlocks
  readonly #turns: EventLoopTurns
  readonly #entries = new Map<string, WantEntry>()
  readonly #wishes = new Map<string, WantEntry>()
  #isSending = false

  constructor(
    id: PeerId,
    {
      libp2p,
      blocks,
      turns,
    }: { readonly libp2p: Libp2p; readonly blocks: ServedBlocks; readonly turns: EventLoopTurns },
  ) {
    this.#id = id
    this.#libp2p = libp2p
    this.#blocks = blocks
    this.#turns = turns
  }

  ask(key: string, cid: CID): void {
    this.asked.add(key)
    this.#tell(key, { cid: cid.bytes, cancel: false, type: 'block', sendDontHave: true })
  }

  /** Cancels a want. Without that, a peer that believes to have sent the block would ignore a new want. */
  cancel(key: string, cid: CID): void {
    if (!this.asked.delete(key)) return
    this.#tell(key, { cid: cid.bytes, cancel: true, type: 'block', sendDontHave: false })
  }

  /** Adds wants of the peer. Blocks are sent as fast as the peer reads them. */
  serve(wants: readonly WantEntry[]): void {
    for (const want of wants) {
      if (want.cid.length > MAX_CID_BYTES) continue
      const key = Buffer.from(want.cid).toString('latin1')
      this.#wishes.delete(key)
      if (want.cancel || this.#wishes.size >= MAX_WISHES) continue
      // A copy: the bytes are a view, which would keep the whole message in memory.
      this.#wishes.set(key, { ...want, cid: Uint8Array.from(want.cid) })
    }
    this.#wake()
  }

  /** Drops all pending entries and wants. Called when the peer is gone. It repeats its wants when it comes back. */
  leave(): void {
    this.#entries.clear()
    this.#wishes.clear()
  }

  #tell(key: string, entry: WantEntry): void {
    this.#entries.set(key, entry)
    this.#wake()
  }

  #wake(): void {
    if (this.#isSending) return
    this.#isSending = true
    // At the end of this turn of the event loop, so that all its entries become one message.
    setImmediate(() => {
      void this.#sendAll().finally(() => {
        this.#isSending = false
        if (this.#entries.size > 0 || this.#wishes.size > 0) this.#wake()
      })
    })
  }

  async #sendAll(): Promise<void> {
    const stream = await this.#openStream()
    if (!stream) {
      // The peer has no bitswap, or is disconnecting. Sessions ask other peers.
      this.leave()
      return
    }
    try {
      while (this.#entries.size > 0 || this.#wishes.size > 0) {
        await this.#turns.wait()
        const wants = [...this.#entries.values()]
        this.#entries.clear()
        const message = encodeBitswapMessage({ wants, ...(await this.#nextAnswer()) })
        if (message.length === 0) continue
        if (!stream.send(frame(message))) await stream.onDrain({ signal: AbortSignal.timeout(SEND_TIMEOUT_MS) })
      }
      await stream.close({ signal: AbortSignal.timeout(SEND_TIMEOUT_MS) })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #openStream(): Promise<Stream | null> {
    const connection = this.#libp2p.getConnections(this.#id).find(({ status }) => status === 'open')
    if (!connection) return null
    return connection.newStream(BITSWAP, { signal: AbortSignal.timeout(SEND_TIMEOUT_MS) }).catch(() => null)
  }

  async #nextAnswer(): Promise<{ blocks: BlockEntry[]; presences: PresenceEntry[] }> {
    const blocks: BlockEntry[] = []
    const presences: PresenceEntry[] = []
    let bytes = 0
    let wishes = 0
    for (const [key, { cid: cidBytes, type, sendDontHave }] of this.#wishes) {
      if (bytes >= MESSAGE_BYTES || wishes++ >= WISHES_PER_MESSAGE) break
      this.#wishes.delete(key)
      const cid = decodeCid(cidBytes)
      const data = cid && type === 'block' ? await this.#blocks.get(cid.multihash.bytes) : null
      if (cid && data) {
        blocks.push({ prefix: prefixOf(cid), data })
        bytes += data.length
        continue
      }
      const has = cid !== null && type === 'have' && (await this.#has(cid))
      if (!has && !sendDontHave) continue
      presences.push({ cid: cidBytes, has })
      bytes += cidBytes.length
    }
    return { blocks, presences }
  }

  async #has({ multihash }: CID): Promise<boolean> {
    return this.#blocks.has?.(multihash.bytes) ?? (await this.#blocks.get(multihash.bytes)) !== null
  }
}

function decodeCid(bytes: Uint8Array): CID | null {
  try {
    return CID.decode(bytes)
  } catch {
    return null
  }
}

function prefixOf({ version, code, multihash }: CID): Uint8Array {
  return Buffer.concat([varint(version), varint(code), varint(multihash.code), varint(multihash.size)])
}
