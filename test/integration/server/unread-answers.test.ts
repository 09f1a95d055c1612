import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const INTROSPECTION =
  '{ __schema { types { name description fields { name description args { name description } } } } }'

function pipelined(requests: number): string {
  const body = JSON.stringify({ query: INTROSPECTION })
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
  return `${head}\r\n\r\n${body}`.repeat(requests)
}

/** Sends requests and reads no answer. Resolves when the gateway has ended the connection. */
async function askUnread(url: string, requests: number): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  socket.write(pipelined(requests))
  // A paused socket does not notice its end. A write does.
  const knock = setInterval(() => socket.write('\r\n'), 50)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(knock)
}

it('ends a connection that leaves too many bytes unread, and serves others meanwhile', async () => {
  await using gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9', maxAnswerBytes: 200_000 })
  const ended = askUnread(gateway.url, 400)

  expect(await gateway.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } })
  await ended
})

it('ends a connection of which nothing is read for too long', async () => {
  await using gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9', liveStallMs: 500 })

  await askUnread(gateway.url, 150)
})
