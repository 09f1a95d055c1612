import '../../../src/embedded/bitswap/promise-with-resolvers.ts'
import { identify } from '@libp2p/identify'
import type { Connection, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

const BITSWAP = '/ipfs/bitswap/1.2.0'

/** One block as bitswap sends it: the prefix says which version, codec, hash function and digest length it is of. */
export interface SentBlock {
  readonly prefix: readonly number[]
  readonly data: Uint8Array
}

export interface RudeOrigin extends AsyncDisposable {
  readonly origins: readonly string[]
  /** Returns the number of messages received, over all connections. */
  readonly messages: () => number
  /** Returns the number of connections made to the origin. */
  readonly connections: () => number
}

/**
 * A peer that speaks bitswap as badly as it is told to.
 *
 * @param options.announce a multiaddr that it claims to have beside its own
 * @param onMessage called for each message that comes in; what it sends with `send` are the blocks of one message
 */
export async function startRudeOrigin(
  onMessage: (peer: {
    send: (blocks: readonly SentBlock[]) => Promise<void>
    hangUp: () => Promise<void>
  }) => Promise<void>,
  options: { announce?: string } = {},
): Promise<RudeOrigin> {
  let messages = 0
  let connections = 0
  const libp2p = await createLibp2p({
    addresses: {
      listen: ['/ip4/127.0.0.1/tcp/0'],
      appendAnnounce: options.announce === undefined ? [] : [options.announce],
    },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  libp2p.addEventListener('connection:open', () => connections++)
  await libp2p.handle(BITSWAP, async (stream: Stream, connection: Connection) => {
    stream.addEventListener('message', () => {
      messages++
      const send = async (blocks: readonly SentBlock[]): Promise<void> => {
        const out = await connection.newStream(BITSWAP)
        out.send(framed(encode(blocks)))
        await out.close()
      }
      // A peer that is gone by then is what some of the tests are about.
      onMessage({ send, hangUp: () => connection.close() }).catch(() => {})
    })
  })
  return {
    origins: libp2p
      .getMultiaddrs()
      .map(String)
      .filter((address) => options.announce === undefined || !address.startsWith(options.announce)),
    messages: () => messages,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      await libp2p.stop()
    },
  }
}

/** The protobuf `Message { repeated Block payload = 3 }` with `Block { bytes prefix = 1; bytes data = 2 }`. */
function encode(blocks: readonly SentBlock[]): Uint8Array {
  return Buffer.concat(
    blocks.map(({ prefix, data }) => field(3, Buffer.concat([field(1, Uint8Array.from(prefix)), field(2, data)]))),
  )
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

function framed(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
