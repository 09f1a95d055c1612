import './promise-with-resolvers.ts'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { assertPrivateFile } from '../../storage/private-files.ts'
import { EventLoopTurns } from '../dag/event-loop-turns.ts'
import { Bitswap } from './bitswap.ts'
import type { ServedBlocks } from './bitswap-peer.ts'
import type { BitswapSession } from './bitswap-session.ts'
import { guardedYamux } from './guarded-yamux.ts'
import { InboundRoom } from './inbound-room.ts'

/** More than all pins together have in flight. */
const MAX_DIALS = 2_000

/** A libp2p node that exchanges blocks by bitswap, and does nothing else. */
export interface Peer extends AsyncDisposable {
  readonly peerId: string
  /** The node's own multiaddrs, each with `/p2p/{peerId}`. */
  readonly addresses: readonly string[]
  /** Starts a session that asks peers for blocks. Disposing it stops that. */
  createSession(): BitswapSession
  /** Dials one peer, at exactly these addresses. Rejects with the reason when that fails. */
  dial(addresses: readonly string[], options: { signal: AbortSignal }): Promise<PeerId>
  isConnected(peerId: PeerId): boolean
  /** Calls the listener whenever the connection to a peer is lost. Returns a function that stops this. */
  onDisconnect(listener: (peerId: PeerId) => void): () => void
}

export interface PeerOptions {
  readonly blocks: ServedBlocks
  /** Shared with other long works of the thread. Default: turns of its own. */
  readonly turns?: EventLoopTurns
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** File of the peer's private key, created where it is missing. Default: a new key at each start. */
  readonly keyFile?: string
  readonly maxConnections?: number
  readonly dialTimeoutMs?: number
}

/**
 * Starts a peer over TCP (noise, yamux, identify) with bitswap 1.2.0.
 *
 * It announces nothing and searches for no peers. It dials the addresses that `dial` is given, and serves the peers that dial it.
 *
 * @throws {OpenToOthersError} when others may read the file of its key
 */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const { maxConnections = 100, dialTimeoutMs = 6_000 } = options
  // libp2p would also dial the addresses that a peer announces. Only the addresses given to `dial` may be dialled.
  const wanted = new Map<string, number>()
  const room = new InboundRoom()
  const libp2p = await createLibp2p({
    privateKey: options.keyFile ? await readOrMakeKey(options.keyFile) : await generateKeyPair('Ed25519'),
    addresses: { listen: [...options.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [guardedYamux(room)],
    services: { identify: identify() },
    connectionManager: {
      maxConnections,
      // One host may begin five connections a second, and each has ten seconds to prove who it is. So no host takes all places.
      inboundConnectionThreshold: 5,
      inboundUpgradeTimeout: 10_000,
      maxIncomingPendingConnections: 100,
      // `OriginConnections` limits the dials of a pin, so that no dial needs to wait here.
      maxParallelDials: MAX_DIALS,
      maxDialQueueLength: MAX_DIALS,
      dialTimeout: dialTimeoutMs,
      addressDialTimeout: dialTimeoutMs,
    },
    connectionGater: { denyDialMultiaddr: (address) => !wanted.has(address.toString()) },
  })
  const bitswap = new Bitswap(libp2p, options.blocks, { turns: options.turns ?? new EventLoopTurns(), room })
  await bitswap.start()
  /** Deletes libp2p's records of a peer, which it would keep for ever. */
  const forget = (peerId: PeerId): void => {
    if (libp2p.getConnections(peerId).length === 0) void libp2p.peerStore.delete(peerId).catch(() => {})
  }
  libp2p.addEventListener('peer:disconnect', ({ detail }) => forget(detail))
  return {
    peerId: libp2p.peerId.toString(),
    addresses: libp2p.getMultiaddrs().map(String),
    createSession: () => bitswap.createSession(),
    dial: async (addresses, { signal }) => {
      const timeout = AbortSignal.timeout(dialTimeoutMs)
      const targets = addresses.map((address) => multiaddr(address))
      for (const address of addresses) wanted.set(address, (wanted.get(address) ?? 0) + 1)
      try {
        // libp2p ignores its own timeout when it is given a signal.
        return (await libp2p.dial(targets, { signal: AbortSignal.any([signal, timeout]) })).remotePeer
      } catch (cause) {
        for (const id of peersOf(targets)) forget(id)
        if (!timeout.aborted || signal.aborted) throw cause
        throw new Error(`it did not answer within ${dialTimeoutMs / 1_000} s`, { cause })
      } finally {
        for (const address of addresses) {
          const others = (wanted.get(address) ?? 1) - 1
          if (others > 0) wanted.set(address, others)
          else wanted.delete(address)
        }
      }
    },
    isConnected: (peerId) => libp2p.getConnections(peerId).length > 0,
    onDisconnect: (listener) => {
      const onEvent = (event: CustomEvent<PeerId>): void => listener(event.detail)
      libp2p.addEventListener('peer:disconnect', onEvent)
      return () => libp2p.removeEventListener('peer:disconnect', onEvent)
    },
    [Symbol.asyncDispose]: async () => {
      await bitswap.stop()
      await libp2p.stop()
    },
  }
}

/** Returns the peers that multiaddrs name. */
function peersOf(targets: readonly Multiaddr[]): PeerId[] {
  const names = targets.flatMap((target) =>
    target.getComponents().flatMap(({ name, value }) => (name === 'p2p' && value ? [value] : [])),
  )
  return [...new Set(names)].map((name) => peerIdFromString(name))
}

async function readOrMakeKey(file: string): Promise<PrivateKey> {
  if (existsSync(file)) {
    assertPrivateFile(file)
    return readKey(file)
  }
  const key = await generateKeyPair('Ed25519')
  writeFileSync(file, privateKeyToProtobuf(key), { mode: 0o600 })
  return key
}

function readKey(file: string): PrivateKey {
  try {
    return privateKeyFromProtobuf(readFileSync(file))
  } catch (cause) {
    const message = `${file} has no key of a peer: restore it, or remove it, and pinql makes a peer with another id`
    throw new Error(message, { cause })
  }
}
