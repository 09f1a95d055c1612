import type { PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { blockKey } from '../dag/block-key.ts'
import type { BitswapPeer } from './bitswap-peer.ts'

const TICK_MS = 500
/** When those that were asked have sent no block at all for so long, one more peer is asked. */
const ASK_NEXT_MS = 1_000
/** When they have sent no block for so long, they are asked again: peers forget, or have got the block by now. */
const ASK_AGAIN_MS = 5_000
/** When this one block has not come for so long, whatever else they send, one more peer is asked for it. */
const OVERDUE_MS = 5_000
const SILENCE_BURDEN = 100

interface SessionContext {
  readonly peerOf: (peerId: PeerId) => BitswapPeer
  /** Peers that dialled us. */
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
 * Each block is asked of one peer at first, the one with the least to do, so that several origins share the work and
 * none sends what another has sent. One that lacks the block, goes, or takes its time costs the pin little: the next
 * is asked. No other peer learns what the pin wants.
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

  /** Allows to ask a peer, which has to be connected. */
  addPeer(peerId: PeerId): void {
    this.#peers.add(this.#context.peerOf(peerId))
    this.askAnyone()
  }

  /** Resolves with the verified bytes when a peer sends them; never, when the session is disposed before. */
  want(cid: CID): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const want = { cid, resolve, asked: new Set<BitswapPeer>(), lastAskedAt: 0 }
      this.#wants.set(blockKey(cid.multihash.bytes), want)
      this.#askNext(want)
    })
  }

  /** Takes a want back, since the block came another way. */
  forget(cid: CID): void {
    const key = blockKey(cid.multihash.bytes)
    const want = this.#wants.get(key)
    if (!want) return
    this.#wants.delete(key)
    this.#cancel(want)
  }

  /** Asks for what nobody was asked for yet. */
  askAnyone(): void {
    for (const want of this.#wants.values()) if (want.asked.size === 0) this.#askNext(want)
  }

  /** A verified block came, for whomever. */
  arrived(key: string, bytes: Uint8Array): void {
    const want = this.#wants.get(key)
    if (!want) return
    this.#wants.delete(key)
    this.#cancel(want)
    want.resolve(bytes)
  }

  /** A peer says that it lacks a block. */
  isMissing(peer: BitswapPeer, cidBytes: Uint8Array): void {
    const want = this.#wants.get(blockKey(CID.decode(cidBytes).multihash.bytes))
    if (want?.asked.has(peer)) this.#askNext(want)
  }

  /** A peer is no longer connected. */
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

/** The more a peer still has to send, and the more often it was silent, the later it is asked. */
function burdenOf({ asked, timesSilent }: BitswapPeer): number {
  return asked.size + SILENCE_BURDEN * timesSilent
}
