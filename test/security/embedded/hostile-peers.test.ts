import '../../../src/embedded/bitswap/promise-with-resolvers.ts'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { expect, it } from 'vitest'
import { type AttackedService, startAttackedService } from '../../support/embedded/start-attacked-service.ts'

const MIB = 1024 ** 2
const DATA = 0
const WINDOW_UPDATE = 1
const PING = 2
const SYN = 1

interface Attacker extends AsyncDisposable {
  /** Sends bytes as they are to the muxer of the service. Resolves when they are sent, or the service has hung up. */
  send(bytes: Uint8Array): Promise<void>
  isConnected(): boolean
}

/** A peer that is connected as any other, and then sends what it likes. */
async function startAttacker(service: AttackedService): Promise<Attacker> {
  const libp2p: Libp2p = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ enableKeepAlive: false })],
  })
  const connection: Connection = await libp2p.dial(service.addresses.map((address) => multiaddr(address)))
  const { maConn } = (connection as unknown as { muxer: { maConn: RawConnection } }).muxer
  return {
    isConnected: () => connection.status === 'open',
    send: async (bytes) => {
      try {
        if (!maConn.send(bytes)) await maConn.onDrain({ signal: AbortSignal.timeout(60_000) })
      } catch {
        // The service has hung up, which is what it should do.
      }
    },
    [Symbol.asyncDispose]: async () => {
      await libp2p.stop()
    },
  }
}

interface RawConnection {
  send(bytes: Uint8Array): boolean
  onDrain(options: { signal: AbortSignal }): Promise<void>
}

function frame(type: number, { flag = 0, stream = 0, length = 0 }): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt8(type, 1)
  header.writeUInt16BE(flag, 2)
  header.writeUInt32BE(stream, 4)
  header.writeUInt32BE(length, 8)
  return header
}

async function expectUnharmed(service: AttackedService, attack: () => Promise<unknown>): Promise<void> {
  const before = await service.state()
  const after = await service.stateAfter(attack)
  expect(service.isAlive()).toBe(true)
  expect(after.longestBlockMs).toBeLessThan(1_000)
  expect(after.usedBytes - before.usedBytes).toBeLessThan(32 * MIB)
  expect(after.maxRssBytes - before.maxRssBytes).toBeLessThan(160 * MIB)
  expect(service.errors).toEqual([])
}

it('a yamux frame of 4 GiB is not gathered: its peer is disconnected', async () => {
  await using service = await startAttackedService()
  await using attacker = await startAttacker(service)
  await expectUnharmed(service, async () => {
    await attacker.send(frame(DATA, { flag: SYN, stream: 1001, length: 0xffff_ffff }))
    for (let i = 0; i < 200 && attacker.isConnected(); i++) await attacker.send(Buffer.alloc(MIB, i))
    await expect.poll(attacker.isConnected).toBe(false)
  })
})

it('ten thousand streams of one peer, whose protocols are never named, are bounded', async () => {
  await using service = await startAttackedService()
  await using attacker = await startAttacker(service)
  await expectUnharmed(service, async () => {
    const streams = Array.from({ length: 10_000 }, (_, i) => 1001 + 2 * i)
    const opened = streams.map((stream) => frame(WINDOW_UPDATE, { flag: SYN, stream }))
    await attacker.send(Buffer.concat(opened))
    // The name of a protocol of 1,000 characters, which are announced and do not come.
    const begun = Buffer.concat([Buffer.of(0xe8, 0x07), Buffer.alloc(900, 'a')])
    for (const stream of streams) {
      await attacker.send(Buffer.concat([frame(DATA, { stream, length: begun.length }), begun]))
    }
  })
})

it('a hundred thousand pings are answered, and garbage ends its connection', async () => {
  await using service = await startAttackedService()
  await using attacker = await startAttacker(service)
  await expectUnharmed(service, async () => {
    const pings = Buffer.concat(Array.from({ length: 1_000 }, (_, i) => frame(PING, { flag: SYN, length: i })))
    for (let i = 0; i < 100; i++) await attacker.send(pings)
    await attacker.send(randomBytes(MIB).fill(9, 0, 1))
    await expect.poll(attacker.isConnected).toBe(false)
  })
})

it('connections that send garbage, or nothing at all, do no harm', async () => {
  await using service = await startAttackedService()
  const [, , host, , port] = (service.addresses[0] ?? '').split('/')
  await expectUnharmed(service, async () => {
    const sockets = []
    for (let i = 0; i < 300; i++) {
      const socket = connect(Number(port), host ?? '')
      socket.on('error', () => {})
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
      if (i % 2) socket.write(randomBytes(100_000))
      sockets.push(socket)
    }
    expect((await service.client.list()).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })
})
