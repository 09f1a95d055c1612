import { describe, expect, it } from 'vitest'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

// Limits per address hold whatever a client writes into the headers that proxies use.

const LIMIT = 2
const SETTINGS = {
  upstream: 'http://127.0.0.1:9',
  maxSocketsPerAddress: LIMIT,
  allowedHosts: ['127.0.0.1', 'pins.example'],
}
const SUBSCRIPTION = { query: 'subscription { pinsChanged { kind } }' }
const TOO_MANY = 1013

/** Opens a WebSocket, and returns the code with which it is closed. Null for one that stays open. */
async function openSocket(url: string, headers: Record<string, string>): Promise<number | null> {
  const socket = await openRawSocket(url.replace('http', 'ws'), { headers })
  socket.send({ type: 'connection_init' })
  const closed = socket.closed.then((code) => ({ code }))
  const first = await Promise.race([socket.next().catch(() => closed), closed])
  return 'code' in first ? (first.code as number) : null
}

async function openStream(url: string, headers: Record<string, string>): Promise<number | null> {
  const { response } = await openEventStream(url, SUBSCRIPTION, { method: 'POST', headers })
  return response.status === 200 ? null : response.status
}

describe.each([
  ['WebSockets', openSocket, TOO_MANY],
  ['event streams', openStream, 429],
] as const)('%s per address', (_, open, refused) => {
  it('are counted by the connection while no proxy is trusted', async () => {
    await using gateway = await startTestGateway(SETTINGS)
    const results: (number | null)[] = []
    for (const last of [1, 2, 3]) {
      const address = `198.51.100.${last}`
      results.push(
        await open(gateway.url, { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` }),
      )
    }
    expect(results).toEqual([null, null, refused])
  })

  it.each([{ trustProxy: 1 }, { trustProxy: ['127.0.0.0/8'] }])(
    'are counted by the address that the proxy saw, with %j',
    async (setting) => {
      await using gateway = await startTestGateway({ ...SETTINGS, ...setting })
      const from = (...forwarded: string[]) => open(gateway.url, { 'x-forwarded-for': forwarded.join(', ') })
      expect([
        await from('203.0.113.9'),
        await from('198.51.100.1', '203.0.113.9'),
        // What the client wrote stands on the left.
        await from('198.51.100.2', '203.0.113.9'),
        await from('127.0.0.1', '203.0.113.9'),
        // Another client still has its own.
        await from('203.0.113.9', '198.51.100.3'),
      ]).toEqual([null, null, refused, refused, null])
    },
  )

  it('are counted by the network of an IPv6 client, whose addresses are all its own', async () => {
    await using gateway = await startTestGateway({ ...SETTINGS, trustProxy: 1 })
    const from = (address: string) => open(gateway.url, { 'x-forwarded-for': address })
    expect([
      await from('2001:db8:1:2::1'),
      await from('2001:db8:1:2:aaaa::2'),
      await from('[2001:db8:1:2::3]:4711'),
      await from('2001:db8:1:3::1'),
    ]).toEqual([null, null, refused, null])
  })
})
