import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { expectInTime } from '../../support/expect-in-time.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { reset, stall, startScriptedServer } from '../../support/scripted-server.ts'
import { openClient } from '../../support/upstream/open-client.ts'

const pin = { cid: parseCid(exampleCid(1)), name: null, origins: [], meta: {} }

/** A host that takes connections, and does with them as it is told. */
async function startHost(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { endpoint: string }> {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a connection that is not made', () => {
  it('ends with the time of the call, and nothing was sent', async () => {
    await using host = await startHost(() => {})
    await using client = openClient({ name: 'one', endpoint: host.endpoint })
    await expectInTime({ timeoutMs: 100 }, () =>
      expect(client.addPin(pin, { token: 'token', timeoutMs: 100 })).rejects.toMatchObject({
        message: 'one could not be reached within 100 ms',
        mayHaveActed: false,
      }),
    )
  })

  it('is not waited for by a client that goes away', async () => {
    const gone = new AbortController()
    await using host = await startHost(() => gone.abort(new Error('client gone')))
    // It would wait for the connection for longer than the test may take.
    await using client = openClient({ name: 'one', endpoint: host.endpoint, timeoutMs: 600_000 })
    await expect(client.addPin(pin, { token: 'token', signal: gone.signal })).rejects.toThrow('client gone')
  })

  it('sends nothing, whatever is wrong with it', async () => {
    await using host = await startHost((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    await using client = openClient({ name: 'one', endpoint: host.endpoint })
    await expect(client.addPin(pin, { token: 'token' })).rejects.toMatchObject({
      message: 'one could not be reached: ERR_SSL_WRONG_VERSION_NUMBER',
      mayHaveActed: false,
    })
  })
})

describe('a change on a connection', () => {
  it.each([
    ['breaks', reset(), 'one could not be reached: ECONNRESET'],
    ['says nothing', stall(), 'one did not answer within 100 ms'],
  ])('that %s may have been made', async (_what, handler, message) => {
    await using upstream = await startScriptedServer()
    await using client = openClient({ name: 'one', endpoint: upstream.endpoint })
    upstream.reply(handler)
    const change = client.addPin(pin, { token: 'token', timeoutMs: 100 })
    await expect(change).rejects.toMatchObject({ message, mayHaveActed: true })
  })
})
