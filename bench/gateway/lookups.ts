// Claim: 1,000 clients who look up 1,000 different pins at the same time, at a service that allows 100 requests a
// second, have their answers within 2 s for at most 110 requests and no refusal. Request by request it takes 10 s.
//
//   node --import tsx bench/gateway/lookups.ts
import { Pool } from 'undici'
import { parseCid } from '../../src/domain/cid.ts'
import { formatPinId } from '../../src/domain/pin-id.ts'
import { EMULATED_TOKENS } from '../../test/support/providers/emulated-service.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { percentile } from '../../test/support/sliding-log.ts'
import { startProcess } from './start-process.ts'

const LOOKUPS = 1000
const QUERY = 'query ($id: ID!) { node(id: $id) { ... on Pin { requestId status } } }'
const LIMIT = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
const headers = { authorization: `Bearer ${EMULATED_TOKENS[0]}`, 'content-type': 'application/json' }
const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Way {
  readonly name: string
  readonly start: (endpoint: string) => ReturnType<typeof startProcess>
  /** Asks for the n-th pin; whether it came. */
  readonly ask: (pool: Pool, url: URL, n: number) => Promise<boolean>
}

async function askGateway(pool: Pool, { pathname }: URL, n: number): Promise<boolean> {
  const id = formatPinId({ service: 'test', requestId: `pin-${n}`, cid: parseCid(exampleCid(n)) })
  const body = JSON.stringify({ query: QUERY, variables: { id } })
  const answer = await pool.request({ method: 'POST', path: pathname, headers, body })
  const { data } = (await answer.body.json()) as { data: { node: { requestId: string } | null } | null }
  return data?.node?.requestId === `pin-${n}`
}

async function askProxy(pool: Pool, _url: URL, n: number): Promise<boolean> {
  const { statusCode, body } = await pool.request({ method: 'GET', path: `/pins/pin-${n}`, headers })
  await body.dump()
  return statusCode === 200
}

const WAYS: Way[] = [
  {
    name: 'pinql',
    start: (endpoint) => startProcess('gateway-process.ts', { endpoint, limits: [LIMIT] }),
    ask: askGateway,
  },
  {
    name: 'request by request, one every 10 ms',
    start: (endpoint) => startProcess('raw-proxy-process.ts', { endpoint, paceMs: 10 }),
    ask: askProxy,
  },
  {
    name: 'request by request, as fast as they come',
    start: (endpoint) => startProcess('raw-proxy-process.ts', { endpoint }),
    ask: askProxy,
  },
]

async function run({ name, start, ask }: Way): Promise<boolean> {
  await using service = await startProcess('limited-service-process.ts', { pins: LOOKUPS })
  await using server = await start(service.url)
  const url = new URL(server.url)
  const pool = new Pool(url.origin, { connections: LOOKUPS, bodyTimeout: 60_000, headersTimeout: 60_000 })
  // What runs for the first time is slower, and connecting is not what is measured.
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 200 }, () => ask(pool, url, 0)))
    await new Promise((resolve) => setTimeout(resolve, 1500))
  }
  const before = (await service.report()).counts
  const startedAt = performance.now()
  const outcomes = await Promise.all(
    Array.from({ length: LOOKUPS }, async (_, n) => {
      const isFound = await ask(pool, url, n)
      return { isFound, ms: performance.now() - startedAt }
    }),
  )
  const after = (await service.report()).counts
  await pool.destroy()

  const requests = (after.requests ?? 0) - (before.requests ?? 0)
  const refused = (after.refused ?? 0) - (before.refused ?? 0)
  const times = outcomes.map(({ ms }) => ms)
  const found = outcomes.filter(({ isFound }) => isFound).length
  print(
    `${name.padEnd(42)} ${String(found).padStart(5)} found  ${String(requests).padStart(5)} requests  ` +
      `${String(refused).padStart(4)} refused  p50 ${percentile(times, 0.5).toFixed(0).padStart(6)} ms  ` +
      `last ${Math.max(...times)
        .toFixed(0)
        .padStart(6)} ms`,
  )
  return found === LOOKUPS && requests <= 110 && refused === 0 && Math.max(...times) <= 2000
}

const [isKept] = [await run(WAYS[0] as Way), await run(WAYS[1] as Way), await run(WAYS[2] as Way)]
print(isKept ? 'kept' : 'NOT KEPT')
process.exitCode = isKept ? 0 : 1
