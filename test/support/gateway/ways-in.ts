import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** The status of an answer, and its body. */
export interface Answer {
  readonly status: number
  readonly body: string
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'graphql-transport-ws',
}
const QUERY = JSON.stringify({ query: '{ __typename }' })
const SUBSCRIPTION = JSON.stringify({ query: 'subscription { pinsChanged { kind } }' })

/** Every way in which a client reaches the gateway, with headers of the test's own. A WebSocket that opens has status 101. */
export const WAYS_IN: Readonly<Record<string, (url: string, headers: Record<string, string>) => Promise<Answer>>> = {
  'POST of a known length': (url, headers) =>
    send(url, 'POST', { 'content-type': 'application/json', 'content-length': `${QUERY.length}`, ...headers }, QUERY),
  'POST in chunks': (url, headers) => send(url, 'POST', { 'content-type': 'application/json', ...headers }, QUERY),
  GET: (url, headers) => send(`${url}?query=${encodeURIComponent('{ __typename }')}`, 'GET', headers),
  'the page': (url, headers) => send(url, 'GET', { accept: 'text/html', ...headers }),
  'an event stream': (url, headers) =>
    send(url, 'POST', { 'content-type': 'application/json', accept: 'text/event-stream', ...headers }, SUBSCRIPTION),
  'a WebSocket': (url, headers) => send(url, 'GET', { ...UPGRADE, ...headers }),
}

async function send(url: string, method: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  const outgoing = request(url, { method, headers, agent: false })
  const answered = once(outgoing, 'response')
  const upgraded = once(outgoing, 'upgrade')
  outgoing.end(body)
  const first = await Promise.race([
    answered.then(([response]) => ({ response })),
    upgraded.then(([response, socket]) => ({ response, socket })),
  ])
  const { statusCode: status, headers: given } = first.response
  // An event stream does not end by itself.
  const isOpen = 'socket' in first || given['content-type']?.startsWith('text/event-stream')
  const answer = { status, body: isOpen ? '' : await text(first.response) }
  outgoing.destroy()
  if ('socket' in first) first.socket.destroy()
  return answer
}
