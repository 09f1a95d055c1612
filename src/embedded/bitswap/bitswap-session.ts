import type { PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../dag/block-key.ts'
import type { BitswapPeer } from './bitswap-peer.ts'

const TICK_MS = 500
/** Milliseconds without a block from any of the asked peers after which one more peer is asked. */
const ASK_NEXT_MS = 1_000
/** Milliseconds without a block after which the same peers are asked again. A peer may have forgotten the want, or have the block now. */
const ASK_AGAIN_MS = 5_000
/** Milliseconds of waiting for one block after which one more peer is asked for it, even while others send other blocks. */
const OVERDUE_MS = 5_000
const SILENCE_BURDEN = 100

interface SessionContext {
  readonly peerOf: (peerId: PeerId) => BitswapPeer
  /** Returns the peers that dialled us. */
  readonly inbound: () => readonly BitswapPeer[]
  readonly onClose: () => void
}

interface Want {
  readonly cid: CID
  readonly resolve: (bytes: Uint8Array) => void
  readonly asked: Set<BitswapPeer>
  lastAskedAt: number
}

/**
 * The blocks that one pin waits for, and the peers that it may ask: its origins, and peers that dialled us.
 *
 * Each block is requested from one peer at first: the one with the fewest requests. So several origins share the work, and a
 * block is seldom sent twice. When that peer lacks the block, disconnects or is slow, the next peer is asked. No other peer learns
 * which blocks the pin wants.
 */
export class BitswapSession implements Disposable {
  readonly #context: SessionContext
  readonly #peers = new Set<BitswapPeer>()
  readonly #wants = new Map<string, Want>()
  readonly #timer: NodeJS.Timeout

  constructor(context: SessionContext) {
    this.#context = context
    this.#timer = setInterval(() => this.#hurry(performance.now()), TICK_MS)
  }

  /** Adds a peer that may be asked. It must be connected. */
  addPeer(peerId: PeerId): void {
    this.#peers.add(this.#context.peerOf(peerId))
    this.askAnyone()
  }

  /** Resolves with the verified bytes when a peer sends them. Never settles when the session is disposed before. */
  want(cid: CID): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const want = { cid, resolve, asked: new Set<BitswapPeer>(), lastAskedAt: 0 }
      this.#wants.set(blockKey(cid.multihash.bytes), want)
      this.#askNext(want)
    })
  }

  /** Cancels a want. Called when the block came from elsewhere. */
  forget(cid: CID): void {
    const key = blockKey(cid.multihash.bytes)
    const want = this.#wants.get(key)
    if (!want) return
    this.#wants.delete(key)
    this.#cancel(want)
  }

  /** Requests the blocks that no peer was asked for yet. */
  askAnyone(): void {
    for (const want of this.#wants.values()) if (want.asked.size === 0) this.#askNext(want)
  }

  /** Called with each verified block, also of other sessions. */
  arrived(key: string, bytes: Uint8Array): void {
    const want = this.#wants.get(key)
    if (!want) return
    this.#wants.delete(key)
    this.#cancel(want)
    want.resolve(bytes)
  }

  /** Called when a peer reports that it lacks a block. */
  isMissing(peer: BitswapPeer, key: string): void {
    const want = this.#wants.get(key)
    if (want?.asked.has(peer)) this.#askNext(want)
  }

  /** Called when a peer is disconnected. */
  peerWent(peer: BitswapPeer): void {
    this.#peers.delete(peer)
    for (const want of this.#wants.values()) if (want.asked.delete(peer)) this.#askNext(want)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const want of this.#wants.values()) this.#cancel(want)
    this.#wants.clear()
    this.#context.onClose()
  }

  #askNext(want: Want): void {
    const isLeft = (peer: BitswapPeer): boolean => !want.asked.has(peer)
    const origins = [...this.#peers].filter(isLeft)
    const candidates = origins.length > 0 ? origins : this.#context.inbound().filter(isLeft)
    const [first, ...others] = candidates
    if (!first) return
    const peer = others.reduce((best, other) => (burdenOf(other) < burdenOf(best) ? other : best), first)
    want.asked.add(peer)
    this.#ask(want, peer)
  }

  #ask(want: Want, peer: BitswapPeer): void {
    want.lastAskedAt = performance.now()
    peer.ask(blockKey(want.cid.multihash.bytes), want.cid)
  }

  #cancel({ asked, cid }: Want): void {
    for (const peer of asked) peer.cancel(blockKey(cid.multihash.bytes), cid)
  }

  #hurry(now: number): void {
    for (const want of this.#wants.values()) {
      let heardAt = want.lastAskedAt
      for (const peer of want.asked) heardAt = Math.max(heardAt, peer.lastBlockAt)
      if (now - heardAt > ASK_AGAIN_MS) for (const peer of want.asked) this.#ask(want, peer)
      else if (now - heardAt > ASK_NEXT_MS) {
        for (const peer of want.asked) peer.timesSilent++
        this.#askNext(want)
      } else if (now - want.lastAskedAt > OVERDUE_MS) this.#askNext(want)
    }
  }
}

/** Grows with the blocks that the peer has not sent yet, and with its silences. Peers with a small burden are asked first. */
function burdenOf({ asked, timesSilent }: BitswapPeer): number {
  return asked.size + SILENCE_BURDEN * timesSilent
}
