import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { compliant } from '../providers/compliant.ts'
import { startEmulatedProvider } from '../providers/emulated-provider.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { rssBytesOf, waitedForCoreMs } from './process-state.ts'

// An honest service and an honest caller, in a process of their own, so that what attackers do with this machine's threads delays neither.

/** What the onlooker saw between two looks. */
export interface Sight {
  /** Longest time for which `/health` did not answer. */
  longestSilenceMs: number
  /** Longest time for which an honest query was not answered. */
  slowestAnswerMs: number
  healthCount: number
  answerCount: number
  /** What went wrong instead of an answer. */
  failures: string[]
  peakRssBytes: number
}

export type ToOnlooker = { readonly url: string; readonly pid: number } | 'stop'

const TOKEN = 'honest-token'
const QUERY = JSON.stringify({
  query: '{ pins(first: 10, services: ["honest"]) { totalCount nodes { id name status } } }',
})
const PINS = 10
const PAUSE_MS = 40
/** Nobody waits for longer. */
const GIVE_UP_MS = 60_000

const service = await startEmulatedProvider(compliant, { tokens: [TOKEN, 'held-token'] })
service.seed(
  TOKEN,
  Array.from({ length: PINS }, (_, n) => ({ cid: exampleCid(n), name: `honest ${n}`, status: 'pinned' as const })),
)

let sight: Sight
let isWatching = false
let looks: Promise<unknown> = Promise.resolve()

process.on('message', async (message: ToOnlooker) => {
  if (message === 'stop') {
    isWatching = false
    await looks
    process.send?.(sight)
    return
  }
  sight = { longestSilenceMs: 0, slowestAnswerMs: 0, healthCount: 0, answerCount: 0, failures: [], peakRssBytes: 0 }
  isWatching = true
  looks = Promise.all([watchHealth(message), watchQuery(message), watchMemory(message)])
})
process.on('disconnect', () => process.exit(0))
process.send?.(service.endpoint)

async function watchHealth({ url, pid }: { url: string; pid: number }): Promise<void> {
  while (isWatching) {
    const silentMs = await timed(pid, async () => {
      const { status, body } = await ask(new URL('/health', url).href, 'GET')
      if (status !== 200) sight.failures.push(`/health: ${status} ${body}`)
      sight.healthCount++
    })
    sight.longestSilenceMs = Math.max(sight.longestSilenceMs, silentMs)
    await delay(PAUSE_MS)
  }
}

async function watchQuery({ url, pid }: { url: string; pid: number }): Promise<void> {
  while (isWatching) {
    const waitedMs = await timed(pid, async () => {
      const { status, body } = await ask(url, 'POST', QUERY)
      const names = body.match(/"honest \d+"/g)?.length
      if (status !== 200 || names !== PINS) sight.failures.push(`An honest query: ${status} ${body.slice(0, 500)}`)
      sight.answerCount++
    })
    sight.slowestAnswerMs = Math.max(sight.slowestAnswerMs, waitedMs)
    await delay(PAUSE_MS)
  }
}

async function watchMemory({ pid }: { pid: number }): Promise<void> {
  while (isWatching) {
    sight.peakRssBytes = Math.max(sight.peakRssBytes, rssBytesOf(pid))
    await delay(20)
  }
}

/** Returns how long something took, without the time for which a busy machine let neither process run. */
async function timed(pid: number, look: () => Promise<void>): Promise<number> {
  const waited = () => waitedForCoreMs(pid) + waitedForCoreMs(process.pid)
  const startedAt = performance.now()
  const before = waited()
  try {
    await look()
  } catch (error) {
    sight.failures.push(String(error))
  }
  return Math.max(0, performance.now() - startedAt - (waited() - before))
}

/** Asks on a connection of its own, as a client does that comes for the first time. */
async function ask(url: string, method: string, body?: string): Promise<{ status: number; body: string }> {
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    'x-pinning-token-honest': TOKEN,
    ...(body && { 'content-type': 'application/json', 'content-length': body.length }),
  }
  const asked = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(GIVE_UP_MS) })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve)
    asked.once('error', reject)
  })
  asked.end(body)
  const response = await answered
  return { status: response.statusCode ?? 0, body: await text(response) }
}
