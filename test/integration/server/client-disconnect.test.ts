import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { deferred } from '../../support/deferred.ts'
import { startScriptedServer } from '../../support/scripted-server.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

it('stops the call to a service when the client that asked goes away', async () => {
  await using upstream = await startScriptedServer()
  const entered = deferred()
  const stopped = deferred()
  upstream.reply((_response, _request, signal) => {
    signal.addEventListener('abort', () => stopped.resolve())
    entered.resolve()
  })
  await using gateway = await startTestGateway({ upstream: upstream.endpoint })
  const client = new AbortController()
  const answer = fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ pins { __typename } }' }),
    signal: client.signal,
  })
  await entered.promise
  client.abort(new Error('gone'))
  await expect(answer).rejects.toThrow('gone')
  await stopped.promise
  expect(gateway.logged.filter((line) => line.includes('"level":"error"'))).toEqual([])
})

it.each([
  ['of a known length', 'content-length: 100\r\n\r\n'],
  ['in chunks', 'transfer-encoding: chunked\r\n\r\n64\r\n'],
])('forgets a request whose client goes away while sending a body %s', async (_, framing) => {
  const gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').resume()
  const head = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  socket.end(`${head}${framing}{"query":`)
  await once(socket, 'close')
  await gateway[Symbol.asyncDispose]()
  const lines = gateway.logged.map((line) => JSON.parse(line))
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'request', aborted: true }))
  expect(lines.filter(({ level }) => level === 'error')).toEqual([])
})
