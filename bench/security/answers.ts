import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { many } from '../../test/support/attacked/costly-operations.ts'
import { KNOWN, startAttackedGateway } from '../../test/support/attacked/start-attacked-gateway.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { type Fuzzer, mutate, pick, sendAll, upTo } from './fuzzer.ts'

const PIN = `{"requestid":"r","status":"pinned","created":"2026-01-31T12:00:00Z","pin":{"cid":"${exampleCid(1)}","name":"n","meta":{"a":"b"},"origins":["/ip4/203.0.113.1/tcp/4001"]},"delegates":[],"info":{"status_details":"x"}}`
const BODIES = [
  `{"count":1,"results":[${PIN}]}`,
  `{"count":2,"results":[${PIN},${PIN}]}`,
  '{"count":0,"results":[]}',
  PIN,
  '{"error":{"reason":"R","details":"d"}}',
  '<html><title>x</title><h1>y</h1>',
  '',
  'null',
  '[]',
]
const STATUSES = [200, 200, 200, 200, 202, 201, 204, 302, 400, 401, 402, 403, 404, 409, 418, 429, 500, 503]
const HEADERS: readonly (readonly [string, string])[] = [
  ['retry-after', '3600'],
  ['retry-after', '-1'],
  ['retry-after', 'Wed, 21 Oct 2099 07:28:00 GMT'],
  ['x-ratelimit-remaining', '0'],
  ['x-ratelimit-reset', '1e99'],
  ['location', 'http://127.0.0.1:1/'],
  ['content-encoding', 'gzip'],
  ['content-type', 'text/html; charset=utf-16'],
  ['set-cookie', 'a=b'],
  ['date', 'x'],
]
const ODD = [
  '"',
  '{',
  '[',
  '}',
  ',',
  '\\u0000',
  '"__proto__":{},',
  '1e999',
  '-0',
  'null',
  '9'.repeat(400),
  '['.repeat(3_000),
  `"z${'2'.repeat(3_000)}"`,
  '\\',
  '\ud800',
  'held-odd-token',
  '<h1',
]
const OPERATIONS = [
  '{ pins(services: ["odd"]) { totalCount nodes { id name meta info origins delegates createdAt } warnings { message } } }',
  `{ pins(services: ["odd"], filter: { cid: ["${exampleCid(1)}"], status: [PINNED] }) { nodes { id } warnings { message } } }`,
  '{ pin(requestId: "r", service: "odd") { id } }',
  `mutation { addPin(input: { cid: "${exampleCid(2)}", service: "odd" }) { pin { id } error { code } } }`,
  'mutation { removePins(input: { filter: { name: "x" }, service: "odd", dryRun: true }) { error { code } } }',
  '{ service(name: "odd") { pinCounts { pinned error { code } } } }',
]

interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly end: 'whole' | 'cut' | 'long' | 'slow'
}

/** Services of the configuration, so that what was learned of one answer does not decide how the next is taken. */
const SERVICES = 400
const ANSWERS_A_ROUND = 100

/** Odd services beside the honest one, each of which gives one answer at a time, whatever it is asked for. */
export async function openAnswers(): Promise<Fuzzer> {
  const answers: Answer[] = []
  const server = createServer((req, res) => {
    req.resume()
    give(res, answers[Number(req.url?.split('/')[1])] ?? FIRST)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const odd = { token: 'held-odd-token', limits: KNOWN.limits }
  const names = many(SERVICES, (n) => [`odd-${n}`, { endpoint: `${endpoint}/${n}`, ...odd }] as const)
  const gateway = await startAttackedGateway({ services: Object.fromEntries(names) })
  let next = 0
  return {
    gateway,
    async attack(random, _inputs, sent) {
      const numbers = many(ANSWERS_A_ROUND, () => next++ % SERVICES)
      for (const number of numbers) answers[number] = answerOf(random)
      await sendAll(numbers, async (number) => {
        sent.push(JSON.stringify(answers[number]))
        await Promise.all(OPERATIONS.map((query) => ask(gateway.url, query.replaceAll('"odd"', `"odd-${number}"`))))
      })
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const FIRST: Answer = { status: 200, headers: [], body: '{"count":0,"results":[]}', end: 'whole' }

/** Asks for two seconds: what waits for a service that is down waits for longer. */
async function ask(url: string, query: string): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) }
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(2_000) }).catch(() => null)
  await response?.text().catch(() => {})
}

function answerOf(random: () => number): Answer {
  const body = pick(random, BODIES)
  return {
    status: pick(random, STATUSES),
    headers: many(upTo(random, 2), () => pick(random, HEADERS)),
    body: random() < 0.2 ? body : mutate(random, body, ODD),
    end: pick(random, ['whole', 'whole', 'whole', 'whole', 'cut', 'long', 'slow']),
  }
}

function give(res: ServerResponse, { status, headers, body, end }: Answer): void {
  const bytes = Buffer.from(end === 'long' ? body + ' '.repeat(2_000_000) : body)
  res.writeHead(status, {
    'content-type': 'application/json',
    ...Object.fromEntries(headers),
    ...(end === 'cut' && { 'content-length': bytes.length + 10 }),
  })
  if (end !== 'slow' && end !== 'cut') return void res.end(bytes)
  res.write(bytes)
  setTimeout(() => (end === 'cut' ? res.destroy() : res.end()), 200)
}
