/**
 * Real-time check of the request budget: greedy load against an HTTP server that logs the arrival of every request.
 *
 * The server has a thread of its own, so that its log is not late when the load is. The budget allows for 50 ms between
 * calls on their way; a machine too busy for that shows in "permit to arrival", and may then show a violation.
 *
 * Run: npx tsx bench/budget/run.ts [seconds at 100/s = 60] [seconds at 30/min = 120]
 * Both loads run at the same time, each on its own server and budget. Exit code 1 when a limit was passed, or too little of it was used.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Pool } from 'undici'
import { createMemoryBudget } from '../../src/upstream/budget/create-memory-budget.ts'
import type { RateLimit } from '../../src/upstream/budget/rate-limit.ts'
import type { CallRequest } from '../../src/upstream/budget/request-budget.ts'
import { systemClock } from '../../src/upstream/waiting/clock.ts'
import { jainFairness, mostInAnyWindow, percentile } from '../../test/support/sliding-log.ts'

const TENANTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const CALLS_WAITING_PER_TENANT = 3
/** Of the limit, on a machine that is busy itself. */
const LEAST_USE = 0.88

/** Answers every request with an empty list; logs its path and the time, and hands the log out when asked. */
const SERVER = `
  const { createServer } = require('node:http')
  const { parentPort } = require('node:worker_threads')
  const arrivals = []
  const server = createServer((request, response) => {
    arrivals.push([request.url, performance.timeOrigin + performance.now()])
    response.end('{"count":0,"results":[]}')
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
  parentPort.on('message', () => parentPort.postMessage(arrivals))
`

interface Load {
  readonly name: string
  readonly limit: RateLimit
  readonly seconds: number
  readonly mutationEveryMs: number
}

/** @throws {RangeError} for a run that no window would end in, so that it could not pass the limit */
async function run({ name, limit, seconds, mutationEveryMs }: Load): Promise<{ isKept: boolean; report: string }> {
  const windowS = limit.windowMs / 1000
  if (!(seconds > windowS)) throw new RangeError(`${name}: expected more than ${windowS} seconds, got ${seconds}`)
  const server = new Worker(SERVER, { eval: true })
  const [port] = await once(server, 'message')
  // No bound on connections: whatever queued behind the permit would arrive in a heap.
  const pool = new Pool(`http://127.0.0.1:${port}`)
  const budget = createMemoryBudget({ serviceName: name, limits: [limit], clock: systemClock })

  const waitedMs: Record<string, number[]> = { mutation: [], interactive: [], live: [] }
  const sentAt = new Map<string, number>()
  const perTenant = new Map(TENANTS.map((tenant) => [tenant, 0]))
  const end = performance.now() + seconds * 1000

  async function call(request: CallRequest): Promise<void> {
    const permit = await budget.acquire({ ...request, deadline: end })
    permit.sent()
    const path = `/pins?call=${sentAt.size}`
    sentAt.set(path, performance.timeOrigin + permit.grantedAt)
    const { statusCode, body } = await pool.request({ path, method: 'GET' })
    await body.dump()
    budget.observe({ ...request, status: statusCode, grantedAt: permit.grantedAt })
    waitedMs[request.class]?.push(permit.waitedMs)
    if (request.class !== 'mutation') perTenant.set(request.tenantKey, (perTenant.get(request.tenantKey) ?? 0) + 1)
  }
  // Near the end the budget refuses calls that it cannot serve in time, which ends the loop of their caller.
  async function callGreedily(request: CallRequest): Promise<void> {
    for (;;) await call(request)
  }

  const loops = TENANTS.flatMap((tenant) =>
    (['interactive', 'live'] as const).flatMap((requestClass) =>
      Array.from({ length: CALLS_WAITING_PER_TENANT }, () =>
        callGreedily({ tenantKey: tenant, endpoint: 'list', class: requestClass }).catch(() => {}),
      ),
    ),
  )
  const mutations = setInterval(() => {
    call({ tenantKey: 'editor', endpoint: 'write', class: 'mutation' }).catch(() => {})
  }, mutationEveryMs)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  clearInterval(mutations)
  await Promise.all(loops)
  budget[Symbol.dispose]()
  await pool.close()
  server.postMessage('log')
  const [log]: [string, number][][] = await once(server, 'message')
  await server.terminate()

  const arrivals = (log ?? []).map(([, at]) => at)
  const delaysMs = (log ?? []).map(([path, at]) => at - (sentAt.get(path) ?? at))
  const most = mostInAnyWindow(arrivals, limit.windowMs)
  const mostSent = mostInAnyWindow([...sentAt.values()], limit.windowMs + 50)
  const use = arrivals.length / ((seconds * 1000 * limit.limit) / limit.windowMs)
  const mutationMs = waitedMs.mutation ?? []
  const live = (waitedMs.live?.length ?? 0) / arrivals.length
  const lines = [
    `${name}, ${seconds} s, ${arrivals.length} requests`,
    `  most in any window   ${most} of ${limit.limit}${most > limit.limit ? '  VIOLATION' : ''}`,
    `  permits              ${mostSent} in any window and 50 ms`,
    `  permit to arrival    p99 ${percentile(delaysMs, 0.99).toFixed(1)} ms, most ${Math.max(...delaysMs).toFixed(1)} ms`,
    `  used                 ${(use * 100).toFixed(1)} %`,
    `  mutation wait        p50 ${percentile(mutationMs, 0.5).toFixed(1)} ms, p99 ${percentile(mutationMs, 0.99).toFixed(1)} ms (${mutationMs.length} mutations)`,
    `  fairness (Jain)      ${jainFairness([...perTenant.values()]).toFixed(4)} over ${TENANTS.length} tenants`,
    `  live's share         ${(live * 100).toFixed(1)} % beside a flood of queries`,
  ]
  return { isKept: most <= limit.limit && use >= LEAST_USE, report: `${lines.join('\n')}\n` }
}

const [secondsFast = 60, secondsSlow = 120] = process.argv.slice(2).map(Number)
const address = { scope: 'address', endpoint: 'all' } as const
const results = await Promise.all([
  run({
    name: '100 a second',
    limit: { ...address, limit: 100, windowMs: 1000 },
    seconds: secondsFast,
    mutationEveryMs: 173,
  }),
  run({
    name: '30 a minute',
    limit: { ...address, limit: 30, windowMs: 60_000 },
    seconds: secondsSlow,
    mutationEveryMs: 19_000,
  }),
])
for (const { report } of results) process.stdout.write(report)
process.exitCode = results.every(({ isKept }) => isKept) ? 0 : 1
