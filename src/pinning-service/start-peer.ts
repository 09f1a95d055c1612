import './promise-with-resolvers.ts'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { withBitswap } from '@helia/bitswap'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p, PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { sha256, sha512 } from 'multiformats/hashes/sha2'

/** Where a peer takes the blocks from that it serves to others. */
export interface ServedBlocks {
  /** The bytes of a block, or null where there is none. */
  get(multihash: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>
}

/** A libp2p node that trades blocks by bitswap, and does nothing else. */
export interface Peer extends AsyncDisposable {
  readonly peerId: string
  /** Its own multiaddrs, each with `/p2p/{peerId}`. */
  readonly addresses: readonly string[]
  /**
   * Asks all connected peers for a block until one sends it. The bytes are not verified.
   *
   * @throws when the signal aborts
   */
  want(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array>
  /** Dials a peer. Rejects with the reason when that fails. */
  dial(address: string, options: { signal: AbortSignal }): Promise<PeerId>
  isConnected(peerId: PeerId): boolean
  /** Calls back whenever a connection to a peer is lost; returns how to stop that. */
  onDisconnect(listener: (peerId: PeerId) => void): () => void
}

export interface PeerOptions {
  readonly blocks: ServedBlocks
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** File of the peer's private key, made where it is missing; without it the peer is another one each time. */
  readonly keyFile?: string
  readonly mayDial?: (address: Multiaddr) => boolean
  readonly maxConnections?: number
  readonly dialTimeoutMs?: number
}

interface BitswapBroker {
  retrieve(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array>
  stop(): Promise<void>
}

/**
 * Starts a peer over TCP (noise, yamux, identify) with bitswap 1.2.0.
 *
 * It announces nothing and looks for nobody: it dials what `dial` is given, and serves whom dials it.
 */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const libp2p = await createLibp2p({
    privateKey: options.keyFile ? await readOrMakeKey(options.keyFile) : await generateKeyPair('Ed25519'),
    addresses: { listen: [...options.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    connectionManager: { maxConnections: options.maxConnections ?? 100, dialTimeout: options.dialTimeoutMs ?? 10_000 },
    connectionGater: { denyDialMultiaddr: (address) => !(options.mayDial?.(address) ?? true) },
  })
  const broker = await startBitswap(libp2p, options.blocks)
  return {
    peerId: libp2p.peerId.toString(),
    addresses: libp2p.getMultiaddrs().map(String),
    want: (cid, { signal }) => broker.retrieve(cid, { signal }),
    dial: async (address, { signal }) => (await libp2p.dial(multiaddr(address), { signal })).remotePeer,
    isConnected: (peerId) => libp2p.getConnections(peerId).length > 0,
    onDisconnect: (listener) => {
      const onEvent = (event: CustomEvent<PeerId>): void => listener(event.detail)
      libp2p.addEventListener('peer:disconnect', onEvent)
      return () => libp2p.removeEventListener('peer:disconnect', onEvent)
    },
    [Symbol.asyncDispose]: async () => {
      await broker.stop()
      await libp2p.stop()
    },
  }
}

async function startBitswap(libp2p: Libp2p, blocks: ServedBlocks): Promise<BitswapBroker> {
  let started: BitswapBroker | undefined
  let start: (() => Promise<void>) | undefined
  // Helia's class would bring gateways, routing and pinning of its own; bitswap asks only for these parts of it.
  const shell = {
    status: 'starting',
    libp2p,
    logger: libp2p.logger,
    blockstore: toBlockstore(blocks),
    // Without the identity function: its digest is the block itself, so that a peer could pass anything for anything.
    getHasher: (code: number) => [sha256, sha512].find((hasher) => hasher.code === code),
    // There is no routing, so no provider is ever found.
    routing: { async *findProviders() {} },
    hasBlockBroker: () => started !== undefined,
    addBlockBroker: (broker: BitswapBroker) => {
      started = broker
    },
    addMixin: (mixin: { start: (helia: unknown) => Promise<void> }) => {
      start = () => mixin.start(shell)
    },
  }
  withBitswap(shell as unknown as Parameters<typeof withBitswap>[0])
  await start?.()
  if (!started) throw new Error('Bitswap did not start')
  return started
}

function toBlockstore(blocks: ServedBlocks): unknown {
  return {
    has: async (cid: CID) => (await blocks.get(cid.multihash.bytes)) !== null,
    get: async function* (cid: CID) {
      const bytes = await blocks.get(cid.multihash.bytes)
      if (!bytes) throw Object.assign(new Error(`There is no block ${cid}`), { name: 'NotFoundError' })
      yield bytes
    },
  }
}

async function readOrMakeKey(file: string): Promise<PrivateKey> {
  if (existsSync(file)) return privateKeyFromProtobuf(readFileSync(file))
  const key = await generateKeyPair('Ed25519')
  writeFileSync(file, privateKeyToProtobuf(key), { mode: 0o600 })
  return key
}
