import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type FaultProxy, type Faults, startFaultProxy } from '../../support/fault-proxy.ts'

/** A service that says back what it hears, and ends when its client does. */
async function startEcho() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    /** Resolves when the service has heard, and said back, so many bytes in all. */
    async heard(bytes: number) {
      while ([...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0) < bytes) {
        await new Promise(setImmediate)
      }
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

interface Outcome {
  readonly text: string
  /** The sizes of the pieces that arrived. */
  readonly sizes: readonly number[]
  readonly ms: number
  /** The end of the connection: `end`, or the code of its error. */
  readonly end: string
}

/** Says `text` to the echo through the proxy, ends its side, and waits for the other end. */
async function say(proxy: FaultProxy, text: string, change?: () => void): Promise<Outcome> {
  const start = performance.now()
  const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1').setNoDelay()
  const pieces: string[] = []
  socket.setEncoding('latin1').on('data', (piece: string) => pieces.push(piece))
  const ended = new Promise<string>((resolve) => {
    socket.on('end', () => resolve('end')).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })
  socket.end(text)
  change?.()
  const end = await ended
  socket.destroy()
  return { text: pieces.join(''), sizes: pieces.map((piece) => piece.length), ms: performance.now() - start, end }
}

async function sayWith(faults: Faults, text: string): Promise<Outcome> {
  await using echo = await startEcho()
  await using proxy = await startFaultProxy(echo.url)
  proxy.set(faults)
  // Awaited here, before the proxy goes.
  return await say(proxy, text)
}

const LONG = 'x'.repeat(300_000)

describe('startFaultProxy', () => {
  it('passes everything on, both ways and to the end, while nothing is wrong', async () => {
    const { text, end } = await sayWith({}, LONG)

    expect([text === LONG, end]).toEqual([true, 'end'])
  })

  it('keeps the path of its target', async () => {
    await using echo = await startEcho()
    await using proxy = await startFaultProxy(`${echo.url}/v1/ipfs`)
    await using plain = await startFaultProxy(echo.url)

    expect(new URL(proxy.endpoint).pathname).toBe('/v1/ipfs')
    expect(plain.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(proxy.endpoint).not.toContain(new URL(echo.url).port)
  })

  it('resets its client when the service cannot be reached', async () => {
    const echo = await startEcho()
    await echo[Symbol.asyncDispose]()
    await using proxy = await startFaultProxy(echo.url)

    expect((await say(proxy, 'hello')).end).toBe('ECONNRESET')
  })
})

describe('a fault', () => {
  it('latency: delays each direction by its own time, whatever the amount', async () => {
    await using echo = await startEcho()
    await using proxy = await startFaultProxy(echo.url)
    proxy.set({ upstream: { latency: { ms: 80 } }, downstream: { latency: { ms: 120 } } })
    const ended: string[] = []
    const long = say(proxy, LONG).finally(() => ended.push('long'))
    await say(proxy, 'x')
    await say(proxy, 'x')
    ended.push('two short ones')
    const { text, ms, end } = await long

    expect([text === LONG, end]).toEqual([true, 'end'])
    expect(ms).toBeGreaterThanOrEqual(198)
    // Not once for each of the five pieces or more that 300 kB travel in.
    expect(ended).toEqual(['long', 'two short ones'])
  })

  it('latency: varies by the jitter, alike for the same seed', async () => {
    await using echo = await startEcho()
    const answeredBy = async (...seeds: number[]): Promise<number[]> => {
      const proxies = await Promise.all(seeds.map((seed) => startFaultProxy(echo.url, { seed })))
      const answered: number[] = []
      const asked = proxies.map(async (proxy, index) => {
        proxy.set({ downstream: { latency: { ms: 150, jitterMs: 150 } } })
        await say(proxy, 'x')
        answered.push(seeds[index] as number)
      })
      await Promise.all(asked)
      await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
      return answered
    }

    // Their first delays are 18, 151 and 277 ms.
    expect(await answeredBy(4, 10, 19)).toEqual([19, 10, 4])
    expect(await answeredBy(10, 19, 4)).toEqual([19, 10, 4])
  })

  it('down: refuses connections, breaks those it has, and comes back on the same port', async () => {
    await using echo = await startEcho()
    await using proxy = await startFaultProxy(echo.url)
    const open = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1')
    open.write('x')
    await once(open, 'data')
    const closed = once(open, 'close')
    await proxy.down()
    await closed

    expect([(await say(proxy, 'x')).end, proxy.connections]).toEqual(['ECONNREFUSED', 0])
    await proxy.up()
    expect((await say(proxy, 'back')).text).toBe('back')
  })

  it('bandwidth: takes as long as the bytes need', async () => {
    const { text, ms } = await sayWith({ downstream: { bandwidth: { bytesPerSecond: 10_000 } } }, 'x'.repeat(2_000))

    expect(text).toHaveLength(2_000)
    expect(ms).toBeGreaterThanOrEqual(195)
  })

  it('slow close: delivers at once, and ends late', async () => {
    const { text, ms, end } = await sayWith({ downstream: { slowClose: { delayMs: 80 } } }, 'x')

    expect([text, end]).toEqual(['x', 'end'])
    expect(ms).toBeGreaterThanOrEqual(79)
  })

  it('timeout: lets nothing through and closes after a while', async () => {
    await using echo = await startEcho()
    await using proxy = await startFaultProxy(echo.url)
    proxy.set({ upstream: { timeout: { afterMs: 60 } } })
    const start = performance.now()
    const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1')
    socket.on('data', () => expect.unreachable('nothing should come back'))
    socket.write('x')
    await once(socket, 'end')

    expect(performance.now() - start).toBeGreaterThanOrEqual(59)
  })

  it('timeout: as a black hole swallows bytes until it is taken away, and never closes', async () => {
    await using echo = await startEcho()
    await using proxy = await startFaultProxy(echo.url)
    proxy.set({ downstream: { timeout: { afterMs: 0 } } })
    const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1')
    let heard = ''
    socket.setEncoding('latin1').on('data', (piece: string) => {
      heard += piece
    })
    socket.write('lost')
    await echo.heard('lost'.length)
    // Loopback delivers at once: two turns of the event loop, and the proxy has read it.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate)
    expect([heard, proxy.connections]).toEqual(['', 1])
    proxy.clear()
    socket.write('found')
    await once(socket, 'data')

    expect(heard).toBe('found')
    socket.destroy()
  })

  it('reset peer: ends with a reset, at once or after a while', async () => {
    // Nothing comes before the reset: Node takes one that arrives together with bytes for a usual end.
    const silent = { timeout: { afterMs: 0 }, slowClose: { delayMs: 1000 } }
    const atOnce = await sayWith({ resetPeer: { afterMs: 0 }, downstream: silent }, 'x')
    const later = await sayWith({ resetPeer: { afterMs: 60 }, downstream: silent }, 'x')

    expect([atOnce.end, later.end]).toEqual(['ECONNRESET', 'ECONNRESET'])
    expect(later.ms).toBeGreaterThanOrEqual(59)
  })

  it('slicer: cuts into small pieces, in order', async () => {
    const text = Array.from({ length: 40 }, (_, n) => String.fromCharCode(48 + n)).join('')
    const outcome = await sayWith({ downstream: { slicer: { averageBytes: 5, variationBytes: 2, delayMs: 5 } } }, text)

    expect(outcome.text).toBe(text)
    expect(outcome.sizes.length).toBeGreaterThan(3)
    expect(new Set(outcome.sizes).size).toBeGreaterThan(1)
  })

  it('limit data: closes after so many bytes', async () => {
    const { text, end } = await sayWith({ downstream: { limitData: { bytes: 1_000 } } }, LONG)

    expect([text.length, end]).toEqual([1_000, 'end'])
  })

  it('can be set while a connection is open', async () => {
    await using echo = await startEcho()
    await using proxy = await startFaultProxy(echo.url)
    const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1')
    socket.write('x')
    await once(socket, 'data')
    const error = once(socket, 'error')
    proxy.set({ resetPeer: { afterMs: 0 } })

    // `once` rejects with the first error.
    expect(await error.then(([reason]) => reason.code)).toBe('ECONNRESET')
  })
})

describe('disposing a fault proxy', () => {
  it('leaves no socket and no timer behind, whatever it was doing', async () => {
    const before = await countResources()
    {
      await using echo = await startEcho()
      await using proxy = await startFaultProxy(echo.url)
      proxy.set({
        upstream: { latency: { ms: 60_000 }, timeout: { afterMs: 60_000 } },
        downstream: { slowClose: { delayMs: 60_000 }, bandwidth: { bytesPerSecond: 1 } },
        resetPeer: { afterMs: 60_000 },
      })
      const clients = Array.from({ length: 5 }, () => connect(Number(new URL(proxy.endpoint).port), '127.0.0.1'))
      await Promise.all(clients.map((client) => once(client, 'connect')))
      for (const client of clients) client.on('error', () => {}).write('x')
      while (proxy.connections < clients.length) await new Promise(setImmediate)
      const closed = clients.map((client) => new Promise((resolve) => client.on('close', resolve)))
      await proxy[Symbol.asyncDispose]()
      await Promise.all(closed)
      expect(proxy.connections).toBe(0)
    }

    // Resources that another test left open may close meanwhile.
    const after = await countResources()
    for (const [kind, count] of Object.entries(after)) expect(count, kind).toBeLessThanOrEqual(before[kind] ?? 0)
  })
})

/** Counts open resources after 20 turns of the event loop, in which those that are closing can close. */
async function countResources(): Promise<Record<string, number>> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  const counts: Record<string, number> = { TCPServerWrap: 0, TCPSocketWrap: 0, Timeout: 0 }
  for (const name of process.getActiveResourcesInfo()) if (name in counts) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
