// Claim: services of one endpoint pass no limit of it in any window by the service's clock, whatever their greed, over connections
// that are cold or slow; three services with three tokens use 92 % of 100 a second, and two with one token 96 % of 30 a minute.
//
//   node --import tsx bench/budget/shared.ts [seconds = 125]
//
// At least 125 seconds: use is counted from the end of the first window on, which lasts a minute in one of the loads.
// Both loads run at the same time. The budget allows for 50 ms between the travel times of two requests. The proxy in front of the
// service uses up 10 of these, and the machine may use up the rest: one too busy for that shows in "late timers".
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { PinqlError, RateLimitedError } from '../../src/domain/errors.ts'
import type { RateLimit } from '../../src/upstream/budget/rate-limit.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { mostInAnyWindow } from '../../test/support/sliding-log.ts'
import { createTestRegistry } from '../../test/support/upstream/create-test-registry.ts'

const SECONDS = Number(process.argv[2] ?? 125)
const READERS = 8
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Load {
  readonly name: string
  readonly limit: RateLimit
  /** One for each service. */
  readonly tokens: readonly string[]
  readonly removeEveryMs: number
  readonly leastUse: number
}

/** Requests as the service saw them. */
interface Log {
  /** Milliseconds by the service's clock. */
  readonly arrivals: readonly number[]
  readonly connections: number
  readonly lateMs: number
}

const LOADS: readonly Load[] = [
  {
    name: 'three services, three tokens, 100 a second for the address',
    limit: { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' },
    tokens: ['a', 'b', 'c'],
    removeEveryMs: 173,
    leastUse: 0.92,
  },
  {
    name: 'two services, one token, 30 a minute for the token',
    limit: { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'all' },
    tokens: ['a', 'a'],
    removeEveryMs: 19_000,
    leastUse: 0.96,
  },
]

async function run({ name, limit, tokens, removeEveryMs, leastUse }: Load): Promise<boolean> {
  const worker = new Worker(new URL('slow-network.mjs', import.meta.url))
  const [ports] = (await once(worker, 'message')) as [{ service: number; proxy: number }]
  const settings = tokens.map((token, n) => {
    const endpoint = `http://127.0.0.1:${ports.service}/${n}`
    return { name: `service-${n}`, endpoint, token, provider: null, limits: [limit] }
  })
  const proxy = { httpProxy: `http://127.0.0.1:${ports.proxy}` }
  const registry = createTestRegistry(settings, 'service-0', { proxy })
  const tenants = settings.map((each) => registry.tenant(each.name, null))
  const startedAt = performance.now()
  const end = startedAt + SECONDS * 1000
  const failures = new Map<string, number>()
  const answers = tenants.map(() => 0)
  const note = (error: unknown): void => {
    const code = error instanceof PinqlError ? error.code : String(error)
    failures.set(code, (failures.get(code) ?? 0) + 1)
  }

  async function readGreedily(tenant: Tenant, service: number, reader: number): Promise<void> {
    for (let n = 0; performance.now() < end; n++) {
      try {
        // Equal lists would share a request.
        const query = { statuses: ['pinned'], limit: 1, name: `${reader} ${n}` } as const
        await tenant.reads.listPins(query, { class: reader % 2 ? 'live' : 'interactive' })
        answers[service] = (answers[service] ?? 0) + 1
      } catch (error) {
        note(error)
        await sleep(error instanceof RateLimitedError ? Math.min(error.retryAfterMs, 5000) : 100)
      }
    }
  }
  const removals = setInterval(() => {
    tenants[0]?.removePin(`${performance.now()}`).catch(note)
  }, removeEveryMs)
  const greed = tenants.map((tenant, n) =>
    Array.from({ length: READERS }, (_, reader) => readGreedily(tenant, n, reader).catch(note)),
  )
  await sleep(SECONDS * 1000)
  clearInterval(removals)
  worker.postMessage('log')
  const [{ arrivals, connections, lateMs }] = (await once(worker, 'message')) as [Log]
  await registry[Symbol.asyncDispose]()
  await Promise.all(greed.flat())
  await worker.terminate()

  const most = mostInAnyWindow(arrivals, limit.windowMs)
  const use = useAfterTheFirstWindow(arrivals, limit)
  const isFair = Math.min(...answers) > Math.max(...answers) / 2
  const isKept = most <= limit.limit && use >= leastUse && isFair && [...failures.keys()].every(isCode)
  print(`${name}, ${SECONDS} s`)
  print(`  most in any window   ${most} of ${limit.limit}`)
  print(
    `  used                 ${(use * 100).toFixed(1)} % (${arrivals.length} requests in all), goal ${leastUse * 100} %`,
  )
  print(`  new connections      ${connections}`)
  print(`  late timers          at most ${lateMs.toFixed(1)} ms in the service`)
  print(`  answers by service   ${answers.join(', ')}`)
  print(`  failures             ${JSON.stringify(Object.fromEntries(failures))}`)
  print(isKept ? '  kept' : '  NOT KEPT')
  return isKept
}

/** The part of the limit that was used from the end of the first window to the planned end. */
function useAfterTheFirstWindow(arrivals: readonly number[], { limit, windowMs }: RateLimit): number {
  const from = Math.min(...arrivals) + windowMs
  const later = arrivals.filter((at) => at > from)
  return (later.length * windowMs) / ((SECONDS * 1000 - windowMs) * limit)
}

function isCode(text: string): boolean {
  return /^[A-Z_]+$/.test(text)
}

let latestMs = 0
let due = performance.now() + 20
const watch = setInterval(() => {
  latestMs = Math.max(latestMs, performance.now() - due)
  due = performance.now() + 20
}, 20)
const kept = await Promise.all(LOADS.map(run))
clearInterval(watch)
print(`late timers            at most ${latestMs.toFixed(1)} ms in the client`)
process.exitCode = kept.every(Boolean) ? 0 : 1
