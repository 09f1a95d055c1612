// Mounts a gateway in three frameworks one after the other, asks it, subscribes to it and stops it. Ends by itself, as long as
// nothing is left open. `test-package.ts` runs it with the packed package.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { createGateway, type Gateway, parseConfig } from '../src/index.ts'
import { serveWithExpress } from '../test/support/embedding/serve-with-express.ts'
import { serveWithFastify } from '../test/support/embedding/serve-with-fastify.ts'
import { serveWithHono } from '../test/support/embedding/serve-with-hono.ts'
import { stopServing } from '../test/support/embedding/stop-serving.ts'

const SUBSCRIPTION = 'subscription { pinsChanged { kind } }'
const FIRST = '{"data":{"pinsChanged":{"kind":"CAUGHT_UP"}}}'

const [dataDir = '.pinql'] = process.argv.slice(2)
for (const [name, serve] of Object.entries({
  Fastify: serveWithFastify,
  Express: serveWithExpress,
  Hono: serveWithHono,
}))
  process.stdout.write(`${name} serves ${await useGateway(serve)}\n`)

async function useGateway(serve: (gateway: Gateway, port: number) => Promise<Server>): Promise<string> {
  let requests = 0
  const onCall = (): void => void requests++
  const gateway = await createGateway(parseConfig({ dataDir, logLevel: 'warn' }), { observe: { onCall } })
  const server = await serve(gateway, 0)
  const url = `http://localhost:${(server.address() as AddressInfo).port}/graphql`
  const answers = [await query(url), await firstOverSocket(url), await firstOfStream(url)]
  await stopServing(server, gateway)
  if (requests === 0) throw new Error('Expected the requests to the embedded service to be observed')
  return answers.join(', ')
}

async function query(url: string): Promise<string> {
  const body = JSON.stringify({ query: '{ pins { totalCount } }' })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return expectText(await response.text(), '{"data":{"pins":{"totalCount":0}}}')
}

async function firstOverSocket(url: string): Promise<string> {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket })
  const { value } = await client.iterate({ query: SUBSCRIPTION }).next()
  await client.dispose()
  return expectText(JSON.stringify(value), FIRST)
}

async function firstOfStream(url: string): Promise<string> {
  const abort = new AbortController()
  const headers = { accept: 'text/event-stream' }
  const response = await fetch(`${url}?query=${encodeURIComponent(SUBSCRIPTION)}`, { headers, signal: abort.signal })
  let text = ''
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (text.includes('data: ')) break
  }
  abort.abort()
  return expectText(/data: (.*)/.exec(text)?.[1] ?? text, FIRST)
}

function expectText(got: string, expected: string): string {
  if (got !== expected) throw new Error(`Expected ${expected}, got ${got}`)
  return got
}
