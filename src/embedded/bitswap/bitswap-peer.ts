import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { frame } from '../dag/frames.ts'
import { varint } from '../dag/varint.ts'
import { type BlockEntry, encodeBitswapMessage, type PresenceEntry, type WantEntry } from './bitswap-message.ts'

export const BITSWAP = '/ipfs/bitswap/1.2.0'

const SEND_TIMEOUT_MS = 10_000
/** Blocks are sent in messages of about so many bytes, so that one peer's wishes take little memory. */
const MESSAGE_BYTES = 1024 * 1024
/** More wishes than that are not remembered of one peer, nor a wish for a longer CID: no block has one. */
const MAX_WISHES = 1_024
const MAX_CID_BYTES = 128

/** Where blocks come from that are served to others. */
export interface ServedBlocks {
  /** The bytes of a block, or null where there is none. */
  get(multihash: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>
}

/** One connected peer: what we tell it, and what it wishes from us. */
export class BitswapPeer {
  /** Keys of the blocks that it was asked for and has not sent. */
  readonly asked = new Set<string>()
  /** When its last wanted block came, on the clock of `performance.now()`. */
  lastBlockAt = 0
  /** How often it was silent since then for so long that others were asked in its place. */
  timesSilent = 0
  readonly #id: PeerId
  readonly #libp2p: Libp2p
  readonly #blocks: ServedBlocks
  readonly #entries = new Map<string, WantEntry>()
  readonly #wishes = new Map<string, WantEntry>()
  #isSending = false

  constructor(id: PeerId, libp2p: Libp2p, blocks: ServedBlocks) {
    this.#id = id
    this.#libp2p = libp2p
    this.#blocks = blocks
  }

  ask(key: string, cid: CID): void {
    this.asked.add(key)
    this.#tell(key, { cid: cid.bytes, cancel: false, type: 'block', sendDontHave: true })
  }

  /** Takes a wish back, so that it can be made again: peers do not send what they believe to have sent. */
  cancel(key: string, cid: CID): void {
    if (!this.asked.delete(key)) return
    this.#tell(key, { cid: cid.bytes, cancel: true, type: 'block', sendDontHave: false })
  }

  /** Remembers what the peer wishes; it is sent as fast as the peer takes it. */
  serve(wants: readonly WantEntry[]): void {
    for (const want of wants) {
      if (want.cid.length > MAX_CID_BYTES) continue
      const key = Buffer.from(want.cid).toString('latin1')
      this.#wishes.delete(key)
      if (want.cancel || this.#wishes.size >= MAX_WISHES) continue
      // A copy, since the bytes are part of a message that would be kept with them.
      this.#wishes.set(key, { ...want, cid: Uint8Array.from(want.cid) })
    }
    this.#wake()
  }

  /** Drops all that was to be told or sent, since the peer is gone; what it wishes next, it says again. */
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
    // After all that this turn of the event loop has to say; then it is one message.
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
      // A peer without bitswap, or one that is going: others will be asked.
      this.leave()
      return
    }
    try {
      while (this.#entries.size > 0 || this.#wishes.size > 0) {
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
    for (const [key, { cid: cidBytes, type, sendDontHave }] of this.#wishes) {
      if (bytes >= MESSAGE_BYTES) break
      this.#wishes.delete(key)
      const cid = decodeCid(cidBytes)
      const data = cid && (await this.#blocks.get(cid.multihash.bytes))
      if (cid && data && type === 'block') {
        blocks.push({ prefix: prefixOf(cid), data })
        bytes += data.length
      } else if (data || sendDontHave) {
        presences.push({ cid: cidBytes, has: Boolean(data) })
        bytes += cidBytes.length
      }
    }
    return { blocks, presences }
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
