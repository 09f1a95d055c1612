// Claim: at 30 lists a minute an account that was idle answers people at once, beside a subscription too, and passes no limit:
// - of 20 different searches at once, 12 are answered in their 30 s at least, and every other is told a time of its own;
// - the four counts of a dashboard are answered within a second;
// - a caller who sends 40 searches at once keeps another caller of the same token waiting for a turn, not for the 40.
//
//   node --import tsx bench/budget/people.ts
// Each on a gateway of its own, all at the same time, over HTTP: a minute and a half. The service enforces its limit by an exact
// sliding log.

import { parseConfig } from '../../src/config/parse-config.ts'
import { startGateway } from '../../src/index.ts'
import { identifyBySession } from '../../test/support/embedding/identify-by-session.ts'
import { openEventStream } from '../../test/support/live-transport/event-stream.ts'
import { PINS_CHANGED, seedQueued } from '../../test/support/live-transport/start-live-setup.ts'
import { compliant } from '../../test/support/providers/compliant.ts'
import { startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { retryAfterSeconds } from '../../test/support/providers/rate-gate.ts'
import { mostInAnyWindow } from '../../test/support/sliding-log.ts'
import { ALICE } from '../../test/support/start-test-api.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'

const MINUTE = { limit: 30, windowMs: 60_000, scope: 'token' } as const
/** A minute of silence, in which a subscription fills the window with its polls. */
const SILENCE_MS = 65_000
const SESSIONS = identifyBySession(async (id) => ({ id, tokens: { test: ALICE } }))

interface Answer {
  readonly tookMs: number
  readonly data: Record<string, unknown> | null
  readonly errors: readonly { readonly message: string; readonly extensions: { readonly retryAfterMs?: number } }[]
}

/** A gateway over one service of 30 lists a minute. Callers are known by their session, and share a token. */
async function startSetup() {
  const folder = await temporaryFolder()
  const rule = { ...MINUTE, name: 'lists', operations: ['list'], retryAfter: retryAfterSeconds } as const
  const service = await startEmulatedProvider(compliant, { rateRules: [rule] })
  seedQueued(service, 5)
  const limits = [{ ...MINUTE, endpoint: 'list' } as const]
  const services = { test: { endpoint: service.endpoint, limits } }
  const config = parseConfig({ port: 0, dataDir: folder.path, services })
  const gateway = await startGateway(config, { identify: SESSIONS, logSink: { write: () => {} } })
  return {
    service,
    async query(query: string, session = 'one'): Promise<Answer> {
      const startedAt = performance.now()
      const headers = { 'content-type': 'application/json', 'x-session': session }
      const response = await fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify({ query }) })
      const { data = null, errors = [] } = (await response.json()) as Partial<Answer>
      return { tookMs: performance.now() - startedAt, data, errors }
    },
    async subscribe(): Promise<() => void> {
      const { events, close } = await openEventStream(
        gateway.url,
        { query: PINS_CHANGED },
        { headers: { 'x-session': 'one' } },
      )
      const read = async (): Promise<void> => {
        for await (const _ of events);
      }
      read().catch(() => {})
      return close
    },
    /** The most lists in a window, and those that the service has refused. */
    lists() {
      const lists = service.requests.filter(({ operation }) => operation === 'list')
      const times = lists.map(({ at }) => at)
      return {
        most: mostInAnyWindow(times, MINUTE.windowMs),
        refused: lists.filter(({ status }) => status === 429).length,
      }
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

type Setup = Awaited<ReturnType<typeof startSetup>>

const search = (name: string): string => `pins(filter: { name: "${name}" }) { nodes { id } }`
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function twentySearches(setup: Setup): Promise<{ isKept: boolean; report: string }> {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => setup.query(`{ ${search(`search ${n}`)} }`)))
  const answered = answers.filter(({ errors }) => errors.length === 0).map(({ tookMs }) => tookMs)
  const toldMs = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.retryAfterMs ?? Number.NaN))
  const isOfTheirOwn = new Set(toldMs).size === toldMs.length && toldMs.every((ms) => ms > 0)
  const atOnce = answered.filter((ms) => ms < 1000).length
  return {
    isKept: answered.length >= 12 && isOfTheirOwn && answers.every(({ tookMs }) => tookMs < 30_000),
    report: `${answered.length} answered, ${atOnce} of them within 1 s, the last after ${seconds(Math.max(...answered))}; told: ${toldMs.map(seconds).join(', ') || 'none'}`,
  }
}

async function fourCounts(setup: Setup): Promise<{ isKept: boolean; report: string }> {
  const counts = 'queued pinning pinned failed error { code }'
  const { tookMs, data, errors } = await setup.query(`{ services { pinCounts { ${counts} } } }`)
  const isRight =
    JSON.stringify(data) === '{"services":[{"pinCounts":{"queued":5,"pinning":0,"pinned":0,"failed":0,"error":null}}]}'
  return {
    isKept: errors.length === 0 && isRight && tookMs < 1000,
    report: `${isRight ? 'right' : JSON.stringify({ data, errors })} after ${seconds(tookMs)}`,
  }
}

async function greedyCaller(setup: Setup): Promise<{ isKept: boolean; report: string }> {
  const { service } = setup
  const all = Array.from({ length: 40 }, (_, n) => setup.query(`{ ${search(`greedy ${n}`)} }`, 'greedy'))
  while (service.requests.length < 15) await sleep(10)
  const before = service.requests.length
  const lone = await setup.query(`{ ${search('lone')} }`, 'lone')
  const names = service.requests.slice(before).map(({ query }) => query.get('name'))
  const ahead = names.indexOf('lone')
  const answered = (await Promise.all(all)).filter(({ errors }) => errors.length === 0).length
  return {
    isKept: lone.errors.length === 0 && (ahead === 0 || ahead === 1),
    report: `the lone search is answered after ${seconds(lone.tookMs)}, behind ${ahead} of the other's; ${answered} of the 40 are answered in their 30 s`,
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

const CASES = [
  { name: '20 searches', isBeside: false, act: twentySearches },
  { name: '20 searches beside a subscription', isBeside: true, act: twentySearches },
  { name: 'four counts', isBeside: false, act: fourCounts },
  { name: 'four counts beside a subscription', isBeside: true, act: fourCounts },
  { name: 'a greedy caller beside another', isBeside: false, act: greedyCaller },
]

const kept = await Promise.all(
  CASES.map(async ({ name, isBeside, act }) => {
    await using setup = await startSetup()
    if (isBeside) await setup.subscribe()
    if (isBeside) await sleep(SILENCE_MS)
    const polls = setup.service.requests.length
    const { isKept, report } = await act(setup)
    const { most, refused } = setup.lists()
    const beside = isBeside ? `${polls} lists in ${SILENCE_MS / 1000} s before; ` : ''
    process.stdout.write(
      `${name}: ${beside}${report}; at most ${most} lists in a minute, ${refused} refused by the service\n`,
    )
    return isKept && most <= MINUTE.limit && refused === 0
  }),
)
process.stdout.write(kept.every(Boolean) ? 'kept\n' : 'NOT KEPT\n')
process.exit(kept.every(Boolean) ? 0 : 1)
