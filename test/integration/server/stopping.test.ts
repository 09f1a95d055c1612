import { once } from 'node:events'
import { createConnection } from 'node:net'
import { describe, expect, it } from 'vitest'
import { deferred } from '../../support/deferred.ts'
import { rejectOnAbort } from '../../support/reject-on-abort.ts'
import { startTestServer } from '../../support/start-test-server.ts'

async function askSlow(url: string) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: '{ slow }' }) })
  return { status: response.status, body: await response.json() }
}

describe('stopping the server', () => {
  it('refuses new connections at once, and lets requests in flight finish', async () => {
    const entered = deferred()
    const release = deferred<string>()
    await using server = await startTestServer({
      slow: () => {
        entered.resolve()
        return release.promise
      },
    })
    const answer = askSlow(server.url)
    await entered.promise
    const stopped = server[Symbol.asyncDispose]()
    await expect(fetch(server.url)).rejects.toThrow()
    release.resolve('done')
    expect(await answer).toMatchObject({ status: 200, body: { data: { slow: 'done' } } })
    await stopped
    await expect(fetch(server.url)).rejects.toThrow()
  })

  it('waits for requests that never finish no longer than shutdownTimeoutMs', async () => {
    const entered = deferred()
    const server = await startTestServer(
      {
        slow: ({ signal }) => {
          entered.resolve()
          return rejectOnAbort(signal)
        },
      },
      { shutdownTimeoutMs: 50 },
    )
    const answer = askSlow(server.url).catch((error: unknown) => error)
    await entered.promise
    await server[Symbol.asyncDispose]()
    expect(await answer).toBeInstanceOf(Error)
  })

  it('does not wait for connections that never sent a request', async () => {
    const server = await startTestServer({ fine: () => 'fine' })
    const socket = createConnection(Number(new URL(server.url).port), '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    socket.on('error', () => {})
    await server[Symbol.asyncDispose]()
    await closed
  })

  it('does not wait for requests that do not come in whole', { timeout: 30_000 }, async () => {
    const server = await startTestServer({ fine: () => 'fine' }, { shutdownTimeoutMs: 60_000 })
    const { port, host } = new URL(server.url)
    const socket = createConnection(Number(port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    const head = `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n`
    socket.write(`${head}expect: 100-continue\r\n\r\n{`)
    // The server has read the head by then.
    await once(socket, 'data')
    await server[Symbol.asyncDispose]()
    await closed
  })
})
