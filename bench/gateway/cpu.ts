// Claim: one pin costs the gateway at most twice the processor time of a raw node:http -> undici proxy, a list of 100
// pins with all fields at most seven times as much.
//
//   node --import tsx bench/gateway/cpu.ts [requests a round = 2000] [rounds = 5]
import { Pool } from 'undici'
import { startProcess } from './start-process.ts'

const [REQUESTS = 2000, ROUNDS = 5] = process.argv.slice(2).map(Number)
const CONNECTIONS = 64
/** As good as none. */
const LIMIT = { limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }
const FIELDS = `
  id requestId status cid name createdAt origins meta delegates info size expiresAt failureReason
  progress { blocks totalBlocks bytes totalBytes percent }`
const PIN = `query ($requestId: String!) { pin(requestId: $requestId) { ${FIELDS} } }`
const PINS = `{ pins(first: 100) { nodes { ${FIELDS} } pageInfo { hasNextPage endCursor } } }`
const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Load {
  readonly name: string
  readonly goal: number
  readonly query: string
  readonly path: (n: number) => string
  /** What tells a whole answer. */
  readonly bytes: number
  readonly share: number
}

const LOADS: Load[] = [
  { name: 'one pin', goal: 2, query: PIN, path: (n) => `/pins/pin-${n}`, bytes: 400, share: 1 },
  { name: 'list of 100', goal: 7, query: PINS, path: () => '/pins?limit=100', bytes: 40_000, share: 0.2 },
]

/** Asks from 64 connections until `count` answers have come; each connection has a token of its own, so none share. */
async function ask(pool: Pool, count: number, request: (n: number) => { path: string; body?: string }, bytes: number) {
  let next = 0
  async function work(_: unknown, connection: number): Promise<void> {
    for (let n = next++; n < count; n = next++) {
      const { path, body } = request(n)
      const headers = { authorization: `Bearer token-${connection}`, 'content-type': 'application/json' }
      const answer = await pool.request({ method: body ? 'POST' : 'GET', path, headers, body: body ?? null })
      const text = await answer.body.text()
      if (answer.statusCode !== 200 || text.length < bytes) throw new Error(`${answer.statusCode} ${text}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}

async function run(load: Load): Promise<boolean> {
  await using service = await startProcess('static-service-process.ts')
  await using gateway = await startProcess('gateway-process.ts', { endpoint: service.url, limits: [LIMIT] })
  await using proxy = await startProcess('raw-proxy-process.ts', { endpoint: service.url })
  const count = Math.ceil(REQUESTS * load.share)
  const sides = [
    {
      server: gateway,
      pool: new Pool(new URL(gateway.url).origin, { connections: CONNECTIONS }),
      request: (n: number) => ({
        path: '/graphql',
        body: JSON.stringify({ query: load.query, variables: { requestId: `pin-${n}` } }),
      }),
    },
    {
      server: proxy,
      pool: new Pool(proxy.url, { connections: CONNECTIONS }),
      request: (n: number) => ({ path: load.path(n) }),
    },
  ]
  const costs: [number[], number[]] = [[], []]
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, { server, pool, request }] of sides.entries()) {
      const before = (await server.report()).cpuMicroseconds
      await ask(pool, count, request, load.bytes)
      const cost = ((await server.report()).cpuMicroseconds - before) / count
      // The first round warms up.
      if (round >= 0) costs[index]?.push(cost)
    }
  }
  const { rssBytes } = await gateway.report()
  await Promise.all(sides.map(({ pool }) => pool.destroy()))
  const [own, raw] = costs.map(median) as [number, number]
  const ratio = own / raw
  print(
    `${load.name.padEnd(12)} gateway ${own.toFixed(0).padStart(6)} µs   raw ${raw.toFixed(0).padStart(5)} µs   ` +
      `${ratio.toFixed(1).padStart(5)} x   goal ${load.goal} x   RSS ${(rssBytes / 1e6).toFixed(0)} MB`,
  )
  return ratio <= load.goal
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

let areKept = true
for (const load of LOADS) areKept = (await run(load)) && areKept
print(areKept ? 'kept' : 'NOT KEPT')
process.exitCode = areKept ? 0 : 1
