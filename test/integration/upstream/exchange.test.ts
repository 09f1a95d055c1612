import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Pool } from 'undici'
import { describe, expect, it } from 'vitest'
import { exchange } from '../../../src/upstream/http/exchange.ts'

const LIMITS = { timeoutMs: 5_000, maxBodyBytes: 1_000 }

/** A pool of connections to a server that writes the given bytes, piece by piece, as its answer to every request. */
async function startServer(pieces: readonly (string | Buffer)[]) {
  let asked = 0
  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true).on('error', () => {})
    socket.on('data', async () => {
      asked++
      for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pool = new Pool(origin, { connections: 1 })
  return {
    /** Number of requests that arrived. */
    get asked() {
      return asked
    },
    ask: (options: { signal?: AbortSignal; maxBodyBytes?: number } = {}) =>
      exchange(pool, 'one', { origin, method: 'GET', path: '/pins', token: 'token' }, (response) => response, {
        ...LIMITS,
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await pool.destroy()
      server.close()
    },
  }
}

describe('exchange', () => {
  it('passes over an interim answer, and reads the one that follows', async () => {
    await using server = await startServer([
      'HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\n\r\n',
      'HTTP/1.1 200 OK\r\nDate: today\r\nDATE: tomorrow\r\nContent-Length: 2\r\n\r\n[]',
    ])
    const { status, headers, text } = await server.ask()
    expect([status, headers.get('retry-after'), headers.get('date'), text]).toEqual([200, undefined, 'today', '[]'])
  })

  it('reads a character that comes in two pieces, and an empty body', async () => {
    const body = Buffer.from('"π"')
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`
    await using server = await startServer([head, body.subarray(0, 2), body.subarray(2)])
    expect((await server.ask()).text).toBe('"π"')
    await using silent = await startServer(['HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'])
    expect(await silent.ask()).toMatchObject({ status: 202, text: '' })
  })

  it('reads a body in gzip that nobody asked for', async () => {
    const answer = (body: Buffer, more = '') => [
      `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n`,
      body,
    ]
    const body = Buffer.from('{"count":0}')
    for (const header of ['', 'Content-Encoding: gzip\r\n']) {
      await using packed = await startServer(answer(gzipSync(body), header))
      expect((await packed.ask()).text).toBe('{"count":0}')
    }
    await using bomb = await startServer(answer(gzipSync(Buffer.alloc(100_000))))
    await expect(bomb.ask()).rejects.toThrow('one answered with more than 1000 bytes')
    await using broken = await startServer(answer(gzipSync(body).subarray(0, 20)))
    await expect(broken.ask()).rejects.toThrow('one answered in gzip that cannot be unpacked')
  })

  it('takes a body of the largest size, and none that is longer', async () => {
    const answer = (size: number) => [`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`, 'x'.repeat(size)]
    await using fitting = await startServer(answer(1_000))
    expect((await fitting.ask()).text.length).toBe(1_000)
    await using longer = await startServer(answer(1_001))
    await expect(longer.ask()).rejects.toThrow('one answered with more than 1000 bytes')
  })

  it('gives up an answer in thousands of chunks of a byte, which take long to read', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    await using server = await startServer([head, '1\r\nx\r\n'.repeat(5_000), '0\r\n\r\n'])
    await expect(server.ask({ maxBodyBytes: 100_000 })).rejects.toThrow(
      'one answered in thousands of chunks of a few bytes',
    )
  })

  it('sends nothing for a caller that went away while it waited for a connection', async () => {
    await using server = await startServer(['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]'])
    const leaver = new AbortController()
    const first = server.ask()
    const left = server.ask({ signal: leaver.signal })
    const gone = new Error('went away')
    leaver.abort(gone)
    await expect(left).rejects.toBe(gone)
    expect((await first).text).toBe('[]')
    expect((await server.ask()).text).toBe('[]')
    expect(server.asked).toBe(2)
  })
})
