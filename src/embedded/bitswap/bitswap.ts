import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { blockKey } from '../dag/block-key.ts'
import { readFrames } from '../dag/frames.ts'
import { readVarint } from '../dag/varint.ts'
import { multihashOf } from '../dag/verify-block.ts'
import { type BlockEntry, decodeBitswapMessage } from './bitswap-message.ts'
import { BITSWAP, BitswapPeer, type ServedBlocks } from './bitswap-peer.ts'
import { BitswapSession } from './bitswap-session.ts'

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
const MAX_INBOUND_STREAMS = 64
const IDLE_TIMEOUT_MS = 30_000

/**
 * Bitswap 1.2.0: asks chosen peers for blocks, and serves blocks to whom asks.
 *
 * A block counts only for a wish whose whole multihash it has, hashed here by the function that the wish names. So
 * neither a forged prefix nor an unasked block gets anywhere.
 */
export class Bitswap {
  readonly #libp2p: Libp2p
  readonly #blocks: ServedBlocks
  readonly #peers = new Map<string, BitswapPeer>()
  readonly #sessions = new Set<BitswapSession>()
  readonly #onConnect = (): void => {
    // It may have dialled us to bring what a session waits for.
    for (const session of this.#sessions) session.askAnyone()
  }
  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    const id = event.detail.toString()
    const peer = this.#peers.get(id)
    this.#peers.delete(id)
    peer?.leave()
    if (peer) for (const session of this.#sessions) session.peerWent(peer)
  }

  constructor(libp2p: Libp2p, blocks: ServedBlocks) {
    this.#libp2p = libp2p
    this.#blocks = blocks
  }

  async start(): Promise<void> {
    this.#libp2p.addEventListener('peer:connect', this.#onConnect)
    this.#libp2p.addEventListener('peer:disconnect', this.#onDisconnect)
    await this.#libp2p.handle(BITSWAP, (stream, connection) => this.#receive(stream, connection), {
      maxInboundStreams: MAX_INBOUND_STREAMS,
    })
  }

  async stop(): Promise<void> {
    this.#libp2p.removeEventListener('peer:connect', this.#onConnect)
    this.#libp2p.removeEventListener('peer:disconnect', this.#onDisconnect)
    await this.#libp2p.unhandle(BITSWAP)
  }

  /** Starts to ask for the blocks of one pin. Peers that dialled us are asked too, after those of the session. */
  createSession(): BitswapSession {
    const inbound = (): BitswapPeer[] => {
      const dialledUs = this.#libp2p.getConnections().filter(({ direction }) => direction === 'inbound')
      return dialledUs.map(({ remotePeer }) => this.#peer(remotePeer))
    }
    const session = new BitswapSession({
      peerOf: (peerId) => this.#peer(peerId),
      inbound,
      onClose: () => this.#sessions.delete(session),
    })
    this.#sessions.add(session)
    return session
  }

  #peer(peerId: PeerId): BitswapPeer {
    const id = peerId.toString()
    let peer = this.#peers.get(id)
    if (!peer) {
      peer = new BitswapPeer(peerId, this.#libp2p, this.#blocks)
      this.#peers.set(id, peer)
    }
    return peer
  }

  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const idle = setTimeout(() => stream.abort(new Error('The stream was idle')), IDLE_TIMEOUT_MS)
    try {
      // Answers go over a stream of our own.
      await stream.close()
      for await (const bytes of readFrames(stream, MAX_MESSAGE_BYTES)) {
        idle.refresh()
        // What came before the end of a connection may be read after it, when all that was known of the peer is gone.
        if (!this.#libp2p.getConnections(connection.remotePeer).includes(connection)) return
        this.#handle(this.#peer(connection.remotePeer), bytes)
      }
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      clearTimeout(idle)
    }
  }

  #handle(peer: BitswapPeer, bytes: Uint8Array): void {
    const { wants, blocks, presences } = decodeBitswapMessage(bytes)
    if (wants.length > 0) peer.serve(wants)
    for (const block of blocks) this.#take(peer, block)
    for (const { cid, has } of presences) {
      if (!has) for (const session of this.#sessions) session.isMissing(peer, cid)
    }
  }

  #take(peer: BitswapPeer, { prefix, data }: BlockEntry): void {
    // Nothing is hashed for a peer that was asked for nothing.
    if (peer.asked.size === 0) return
    const multihash = multihashOf(hashCodeOf(prefix), data)
    if (!multihash) return
    const key = blockKey(multihash)
    if (peer.asked.has(key)) {
      peer.lastBlockAt = performance.now()
      peer.timesSilent = 0
    }
    // Sessions of other pins may wait for the same block.
    for (const session of this.#sessions) session.arrived(key, data)
  }
}

/** The third number of a prefix: the code of the hash function. */
function hashCodeOf(prefix: Uint8Array): number {
  let offset = 0
  let code = 0
  for (let i = 0; i < 3; i++) {
    const read = readVarint(prefix, offset)
    code = read?.value ?? 0
    offset = read?.end ?? prefix.length
  }
  return code
}
