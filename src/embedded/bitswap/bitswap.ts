import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { blockKey } from '../dag/block-key.ts'
import type { EventLoopTurns } from '../dag/event-loop-turns.ts'
import { readFrames } from '../dag/frames.ts'
import { readVarint } from '../dag/varint.ts'
import { multihashOf } from '../dag/verify-block.ts'
import { type BlockEntry, decodeBitswapMessage } from './bitswap-message.ts'
import { BITSWAP, BitswapPeer, type ServedBlocks } from './bitswap-peer.ts'
import { BitswapSession } from './bitswap-session.ts'
import type { InboundRoom } from './inbound-room.ts'

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
const MAX_INBOUND_STREAMS = 64
const IDLE_TIMEOUT_MS = 30_000

/**
 * Bitswap 1.2.0: asks chosen peers for blocks, and serves blocks to every peer that asks.
 *
 * Each block that arrives is hashed here. It resolves only wants of exactly that multihash, so neither a forged prefix nor an
 * unrequested block has any effect.
 */
export class Bitswap {
  readonly #libp2p: Libp2p
  readonly #blocks: ServedBlocks
  readonly #turns: EventLoopTurns
  readonly #room: InboundRoom
  readonly #peers = new Map<string, BitswapPeer>()
  readonly #sessions = new Set<BitswapSession>()
  readonly #onConnect = (): void => {
    // The peer may have dialled us to send a block that a session waits for.
    for (const session of this.#sessions) session.askAnyone()
  }
  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    const id = event.detail.toString()
    const peer = this.#peers.get(id)
    this.#peers.delete(id)
    peer?.leave()
    if (peer) for (const session of this.#sessions) session.peerWent(peer)
  }

  /** @param room shared with the connections of `libp2p` */
  constructor(libp2p: Libp2p, blocks: ServedBlocks, { turns, room }: { turns: EventLoopTurns; room: InboundRoom }) {
    this.#libp2p = libp2p
    this.#blocks = blocks
    this.#turns = turns
    this.#room = room
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

  /** Starts a session for the blocks of one pin. It asks its own peers first, then peers that dialled us. */
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
      peer = new BitswapPeer(peerId, { libp2p: this.#libp2p, blocks: this.#blocks, turns: this.#turns })
      this.#peers.set(id, peer)
    }
    return peer
  }

  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const idle = setTimeout(() => stream.abort(new Error('The stream was idle')), IDLE_TIMEOUT_MS)
    const setHeld = this.#room.open(connection.remoteAddr, (reason) => stream.abort(reason))
    try {
      // Answers use a stream that we open. A peer that reads nothing must not keep us from reading, since libp2p would
      // store what it sends.
      stream.close().catch((error) => stream.abort(error))
      for await (const bytes of readFrames(stream, MAX_MESSAGE_BYTES, setHeld)) {
        idle.refresh()
        // Messages may be read after their connection has ended. By then the state of the peer was dropped.
        if (!this.#libp2p.getConnections(connection.remotePeer).includes(connection)) return
        this.#handle(this.#peer(connection.remotePeer), bytes)
      }
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      setHeld(0)
      clearTimeout(idle)
    }
  }

  #handle(peer: BitswapPeer, bytes: Uint8Array): void {
    const { wants, blocks, presences } = decodeBitswapMessage(bytes)
    if (wants.length > 0) peer.serve(wants)
    for (const block of blocks) this.#take(peer, block)
    // A message has thousands of presences at most, and a peer that was asked for nothing has nothing to say.
    for (const { cid, has } of peer.asked.size > 0 ? presences : []) {
      if (has) continue
      const key = blockKey(CID.decode(cid).multihash.bytes)
      if (!peer.asked.has(key)) continue
      for (const session of this.#sessions) session.isMissing(peer, key)
    }
  }

  #take(peer: BitswapPeer, { prefix, data }: BlockEntry): void {
    // A peer that was asked for nothing must not make us hash.
    if (peer.asked.size === 0) return
    const multihash = multihashOf(hashCodeOf(prefix), data)
    if (!multihash) return
    const key = blockKey(multihash)
    if (peer.asked.has(key)) {
      peer.lastBlockAt = performance.now()
      peer.timesSilent = 0
    }
    // Several sessions may wait for the same block.
    for (const session of this.#sessions) session.arrived(key, data)
  }
}

/** Decodes the third number of a prefix: the code of the hash function. */
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
