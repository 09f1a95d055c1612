// Claim: 10,000 operations over connections that break in every way leave no handle and no memory behind.
//
//   node --import tsx bench/gateway/leak.ts [operations = 10000]
// Operations come in batches of 200. There must be two batches at least, since the heap is compared with that after a fifth.
import { Pool } from 'undici'
import { type Faults, startFaultProxy } from '../../test/support/fault-proxy.ts'
import { startProcess } from './start-process.ts'

const OPERATIONS = Number(process.argv[2] ?? 10_000)
const BATCH = 200
const LIMIT = { limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }
const QUERY = `query ($requestId: String!, $name: String!) {
  pin(requestId: $requestId) { __typename }
  pins(first: 5, filter: { name: $name }) { __typename }
}`
const FAULTS: readonly Faults[] = [
  {},
  { resetPeer: { afterMs: 5 } },
  {},
  { downstream: { limitData: { bytes: 300 } } },
  { downstream: { latency: { ms: 10, jitterMs: 10 } } },
  { downstream: { slicer: { averageBytes: 100, delayMs: 1 } } },
]
/** Most growth of the heap after the first fifth. Memory that is kept per operation exceeds it. */
const MOST_GROWTH = 1.1
/** Far longer than the pauses of the breaker. */
const LONGEST_RECOVERY_MS = 60_000
const print = (line: string): void => void process.stdout.write(`${line}\n`)

await using service = await startProcess('static-service-process.ts')
await using proxy = await startFaultProxy(service.url)
await using gateway = await startProcess('gateway-process.ts', { endpoint: proxy.endpoint, limits: [LIMIT] })
let pool = connectToGateway()

function connectToGateway(): Pool {
  return new Pool(new URL(gateway.url).origin, { connections: BATCH })
}

const outcomes = new Map<string, number>()
async function ask(n: number): Promise<void> {
  // One in ten goes away before the answer.
  const outcome = await outcomeOf(n, n % 10 === 0 ? AbortSignal.timeout(3) : null)
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

async function outcomeOf(n: number, signal: AbortSignal | null): Promise<string> {
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { authorization: `Bearer token-${n % 50}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY, variables: { requestId: `pin-${n}`, name: `name ${n}` } }),
      signal,
    })
    const { data, errors } = (await answer.body.json()) as {
      data?: Record<string, { __typename: string } | null>
      errors?: { extensions?: { code?: string } }[]
    }
    const codes = errors?.map((error) => error.extensions?.code ?? JSON.stringify(error))
    return codes ? [...new Set(codes)].sort().join(' and ') : (data?.pin?.__typename ?? 'null')
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}

/** Takes all faults away until the breaker has seen it, since it would keep the next calls from the connections. */
async function recover(): Promise<void> {
  proxy.clear()
  const endsAt = performance.now() + LONGEST_RECOVERY_MS
  for (;;) {
    const outcome = await outcomeOf(0, null)
    if (outcome === 'Pin') return
    if (performance.now() > endsAt) throw new Error(`Expected a pin within 60 s without faults, got ${outcome}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** With no connection of ours open: the gateway would count it among its handles. */
async function settledReport() {
  await recover()
  await pool.destroy()
  pool = connectToGateway()
  await new Promise((resolve) => setTimeout(resolve, 3000))
  return gateway.report({ afterGc: true })
}

let first: Awaited<ReturnType<typeof settledReport>> | undefined
for (let done = 0; done < OPERATIONS; done += BATCH) {
  if (done >= OPERATIONS / 5 && !first) first = await settledReport()
  else await recover()
  proxy.set(FAULTS[(done / BATCH) % FAULTS.length] ?? {})
  await Promise.all(Array.from({ length: BATCH }, (_, n) => ask(done + n)))
}
const last = await settledReport()
for (const [outcome, count] of outcomes) print(`${String(count).padStart(6)} ${outcome}`)
const line = ({ heapBytes, handles, rssBytes }: typeof last) =>
  `heap ${(heapBytes / 1e6).toFixed(1)} MB, RSS ${(rssBytes / 1e6).toFixed(0)} MB, ${handles} handles`
print(`after ${OPERATIONS / 5}: ${first && line(first)}`)
print(`after ${OPERATIONS}: ${line(last)}`)
const isKept =
  first !== undefined && last.heapBytes < first.heapBytes * MOST_GROWTH && last.handles <= first.handles + 5
print(isKept ? 'kept' : 'NOT KEPT')
process.exitCode = isKept ? 0 : 1
