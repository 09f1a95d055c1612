import '../../../src/embedded/bitswap/promise-with-resolvers.ts'
import { withBitswap } from '@helia/bitswap'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { sha256, sha512 } from 'multiformats/hashes/sha2'

interface Broker {
  retrieve(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array>
  stop(): Promise<void>
}

export interface HeliaPeer extends AsyncDisposable {
  readonly addresses: readonly string[]
  readonly blocks: Map<string, Uint8Array>
  dial(address: string): Promise<void>
  want(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array>
}

/** A peer whose bitswap is Helia's: somebody else's code that ours has to get along with. */
export async function startHeliaPeer(): Promise<HeliaPeer> {
  const blocks = new Map<string, Uint8Array>()
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  let broker: Broker | undefined
  let start: (() => Promise<void>) | undefined
  // Helia's class would bring gateways, routing and pinning along; bitswap asks for these parts of it only.
  const shell = {
    status: 'starting',
    libp2p,
    logger: libp2p.logger,
    blockstore: {
      has: async (cid: CID) => blocks.has(keyOf(cid)),
      get: async function* (cid: CID) {
        const bytes = blocks.get(keyOf(cid))
        if (!bytes) throw Object.assign(new Error('There is no such block'), { name: 'NotFoundError' })
        yield bytes
      },
    },
    getHasher: (code: number) => [sha256, sha512].find((hasher) => hasher.code === code),
    routing: { async *findProviders() {} },
    hasBlockBroker: () => broker !== undefined,
    addBlockBroker: (added: Broker) => {
      broker = added
    },
    addMixin: (mixin: { start: (helia: unknown) => Promise<void> }) => {
      start = () => mixin.start(shell)
    },
  }
  withBitswap(shell as unknown as Parameters<typeof withBitswap>[0])
  await start?.()
  const started = broker
  if (!started) throw new Error('Bitswap did not start')
  return {
    addresses: libp2p.getMultiaddrs().map(String),
    blocks,
    dial: async (address) => {
      await libp2p.dial(multiaddr(address))
    },
    want: (cid, options) => started.retrieve(cid, options),
    [Symbol.asyncDispose]: async () => {
      await started.stop()
      await libp2p.stop()
    },
  }
}

/** Returns the key of a CID in `blocks`. */
export function keyOf(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('hex')
}
