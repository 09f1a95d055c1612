import { Dispatcher } from 'undici'
import { RateLimitedError } from '../../../src/domain/errors.ts'
import type { PinStatus } from '../../../src/domain/pin.ts'
import type { RateLimit } from '../../../src/upstream/budget/rate-limit.ts'
import { createServiceClient } from '../../../src/upstream/http/client.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import { PinStream } from '../../../src/upstream/reading/streams/pin-stream.ts'
import { createPlainService } from '../grammar/create-stranger.ts'
import type { NewGrammarPin } from '../grammar/random-service.ts'
import type { ServiceRules } from '../grammar/service-rules.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { at } from '../zoo/seed-and-drain.ts'
import { operationOf } from './come-back.ts'
import { createService } from './create-service.ts'
import { createTenant } from './create-tenant.ts'

/** A search that has ended or waits. */
export interface Search {
  readonly name: string
  /** `waits`, the request ids found, or the error. */
  outcome: unknown
  tookMs: number
}

export interface SearchedAccount {
  readonly rules?: Partial<ServiceRules>
  readonly limits: readonly RateLimit[]
  readonly capabilities?: Partial<Capabilities>
  /** Pins of each of the names `search 0` to `search 19`. */
  readonly perName: number
  /** Pins of other names. */
  readonly others: number
  /** The statuses of the pins, in turn. */
  readonly spread: readonly PinStatus[]
  /** Milliseconds that an operation may take. Default: 30,000. */
  readonly requestTimeoutMs?: number
  /** Milliseconds until the service answers. Default: 0. */
  readonly answersAfterMs?: number
}

/** Creates an account at a service, and searches in it by name. Each search is another caller's. */
export function createSearchedAccount({
  rules = {},
  limits,
  capabilities = {},
  perName,
  others,
  spread,
  requestTimeoutMs = 30_000,
  answersAfterMs = 0,
}: SearchedAccount) {
  const clock = new VirtualClock(1000)
  const named = perName * 20
  const pins = Array.from({ length: named + others }, (_, n): NewGrammarPin => {
    const status = spread[Math.floor(n / 20 + n) % spread.length] as PinStatus
    return { created: at(n * 2), status, isOdd: false, name: n < named ? `search ${n % 20}` : 'other' }
  })
  const upstream = createPlainService({ largestPage: null, ...rules }, pins)
  const settings = { name: 'test', endpoint: 'http://test.invalid', token: 'a', provider: null, limits, capabilities }
  const dispatcher = answersAfterMs === 0 ? upstream : answersLater(upstream, clock, answersAfterMs)
  const service = createService(settings, { clock, connect: (options) => createServiceClient(dispatcher, options) })
  const tenant = createTenant(service, 'test:a', 'a')

  function search(name: string, statuses: readonly PinStatus[], caller = `who searches ${name}`, expected = 10) {
    const since = clock.now()
    const signal = operationOf(caller, { since, endsAt: since + requestTimeoutMs })
    const search: Search = { name, outcome: 'waits', tookMs: Number.NaN }
    const end = (outcome: unknown): void => {
      search.outcome = outcome
      search.tookMs = clock.now() - since
    }
    const stream = new PinStream(tenant.reads, { name, statuses }, { expected, signal })
    stream.take(expected).then((found) => end(found.map(({ requestId }) => requestId)), end)
    return { search, signal }
  }
  return {
    clock,
    service,
    tenant,
    upstream,
    search,
    /** Searches for 20 names at once. */
    searchAtOnce: (statuses: readonly PinStatus[], expected = 10): Search[] =>
      Array.from({ length: 20 }, (_, n) => search(`search ${n}`, statuses, `caller ${n}`, expected).search),
    /** Request ids of the pins that a search has to find, newest first. */
    truth: (name: string, statuses: readonly PinStatus[]): string[] =>
      upstream.pins
        .filter((pin) => pin.name === name && statuses.includes(pin.status))
        .map(({ requestId }) => requestId)
        .reverse(),
    collect: (name: string, statuses: readonly PinStatus[]) => tenant.collectPins({ name, statuses }),
  }
}

/** Passes requests on at once, and answers after some milliseconds. */
function answersLater(upstream: Dispatcher, clock: VirtualClock, ms: number): Dispatcher {
  return new (class extends Dispatcher {
    override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const later = (event: () => void): boolean => {
        clock.setTimeout(event, ms)
        return true
      }
      return upstream.dispatch(options, {
        onConnect: (disconnect) => handler.onConnect?.(disconnect),
        onHeaders: (...answer) => later(() => handler.onHeaders?.(...answer)),
        onData: (chunk) => later(() => handler.onData?.(chunk)),
        onComplete: (trailers) => void later(() => handler.onComplete?.(trailers)),
      })
    }
  })()
}

/**
 * Returns the searches that were answered, and the times that the refused ones were told, in whole milliseconds: `toldMs` from the
 * refusal, and `toldAt` from the beginning of the search.
 */
export function outcomesOf(searches: readonly Search[]) {
  const answered = searches.filter(({ outcome }) => Array.isArray(outcome))
  const told = searches.flatMap(({ outcome, tookMs }) =>
    outcome instanceof RateLimitedError
      ? [{ ms: outcome.retryAfterMs, at: Math.round(tookMs + outcome.retryAfterMs) }]
      : [],
  )
  return { answered, toldMs: told.map(({ ms }) => ms), toldAt: told.map(({ at }) => at) }
}
