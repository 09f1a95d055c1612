import { PinqlError } from '../../../src/domain/errors.ts'
import { formatInstant, parseInstant } from '../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../../src/domain/pin.ts'
import { comparePositions } from '../../../src/domain/pin-order.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { seededRandom } from '../seeded-random.ts'
import { createTenantOver } from '../zoo/emulated-tenant.ts'
import { ALL, readInPages } from '../zoo/paging-histories.ts'
import { type Account, TIMES_OF } from './account-times.ts'
import { misreadByChance } from './misread-times.ts'
import { type GrammarPin, type NewGrammarPin, RandomService } from './random-service.ts'
import { filtersByChance, isWanted, partsByChance } from './record-filters.ts'
import { canBeRead, rulesByChance, type ServiceRules } from './service-rules.ts'

/** The end of one reading of all pins of one service of the grammar. */
export interface HistoryOutcome {
  readonly rules: ServiceRules
  /** The read and its method, in words. */
  readonly reading: string
  readonly pins: number
  readonly requests: number
  /** True if a client that knows the service's rules could read all pins. */
  readonly isPossible: boolean
  /** `exact`: every pin once, in order. `refused`: a typed error. Anything else is a mistake, in a sentence. */
  readonly result: 'exact' | 'refused' | { readonly mistake: string }
  /** Message of the typed error; null without. */
  readonly error: string | null
}

const START_NS = 1_600_000_000_000_000_000n
const SECOND_NS = 1_000_000_000n

/**
 * Fills a service that nobody knows, by rules and times of chance, and reads all of its pins, or some: page by page, or in
 * one stream. The account may have been read before, when it was empty or had other pins.
 *
 * The same seed makes the same history.
 *
 * @param fixed rules that are not left to chance
 */
export async function readHistory(
  seed: number,
  fixed: Partial<ServiceRules> = {},
  account: Account = 'usual',
): Promise<HistoryOutcome> {
  const { rules, service, tenant, readBefore, any, below, stretch } = await createHistory(seed, fixed, account)
  const { pins } = service
  const query = queryByChance(pins, any, below, stretch)
  const size = any([1, 3, 10, 25, 100])
  const isPaged = below(2) === 0
  const outcome = await attempt(() =>
    isPaged ? readByPages(tenant, query, Math.max(size, Math.ceil(pins.length / 8))) : readAtOnce(tenant, query, size),
  )
  return {
    rules,
    reading: `${JSON.stringify(query)} ${isPaged ? 'by pages' : 'at once'} of ${size}, read before ${readBefore}`,
    pins: pins.length,
    requests: service.requests,
    isPossible: canBeRead(rules, pins, query),
    result: outcome instanceof PinqlError ? 'refused' : judge(pins, query, outcome),
    error: outcome instanceof PinqlError ? outcome.message : null,
  }
}

/** A service by rules of chance, with pins that may have been read before, all or some. */
export async function createHistory(seed: number, fixed: Partial<ServiceRules> = {}, account: Account = 'usual') {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const any = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value
  const isMisread = account === 'misread'
  const rules = { ...rulesByChance(any), ...(isMisread ? misreadByChance(any) : {}), ...fixed }
  const stretch = isMisread ? any([1n, 60n, 3_600n]) : 1n
  const service = new RandomService(rules, random)
  const tenant = createTenantOver(service, { name: 'grammar', provider: null })
  const statuses: readonly PinStatus[] = any([MIXED, PIN_STATUSES, [any(PIN_STATUSES)], ['queued', 'pinned']])
  const stored: NewGrammarPin[] = TIMES_OF[account](any, below).map((time) => ({
    // What is within a second stays there.
    created: START_NS + (time / SECOND_NS) * SECOND_NS * stretch + (time % SECOND_NS),
    status: any(statuses),
    isOdd: rules.records !== 'valid' && below(account === 'dense' ? 8 : 20) === 0,
    ...partsByChance(any),
  }))
  if (rules.count === 'capped like pages') stored.push(...standingOut(stored))
  const readBefore = any([null, 0, 0.5])
  if (readBefore !== null) {
    service.add(stored.splice(0, Math.floor(stored.length * readBefore)))
    // Proofs of a longer list with a smaller limit, or with other filters, must not be taken for proofs of this one.
    const queries = [ALL, any([ALL, queryByChance(service.pins, any, below, stretch)])]
    for (const query of queries) await attempt(() => readAtOnce(tenant, query, any([10, 100])))
  }
  service.add(stored)
  return { rules, service, tenant, readBefore, any, below, stretch }
}

/**
 * A pin of another second and another status than the rest. Without it, no client could tell a service that stops counting
 * where it cuts its lists from an honest one: see "What cannot be seen of a stranger" in docs/upstream-behaviours.md.
 */
function standingOut(stored: readonly NewGrammarPin[]): NewGrammarPin[] {
  const shown = new Set(stored.map(({ status }) => status))
  const other = PIN_STATUSES.find((status) => !shown.has(status)) ?? 'failed'
  return [{ created: START_NS - 3_600n * SECOND_NS, status: other, isOdd: false }]
}

/** Mostly pinned. */
const MIXED: readonly PinStatus[] = [...Array<PinStatus>(12).fill('pinned'), ...PIN_STATUSES]

/**
 * All statuses, one or two; no range of time, or one that is open, or not; with other filters, or without.
 *
 * @param stretch the times of the pins go so many times as far
 */
export function queryByChance(
  pins: readonly GrammarPin[],
  any: <Value>(values: readonly Value[]) => Value,
  below: (limit: number) => number,
  stretch = 1n,
): PinQuery {
  const statuses = any<readonly PinStatus[]>([
    PIN_STATUSES,
    [any(PIN_STATUSES)],
    any([
      ['queued', 'pinned'],
      ['pinned', 'failed'],
    ]),
  ])
  const bound = (): string => formatInstant(START_NS + BigInt(below(30_000)) * 1_000_000n * stretch, any([0, 3, 9]))
  const times = pins.length === 0 ? 'all' : any(['all', 'before', 'after', 'between'])
  return {
    ...filtersByChance(any),
    statuses,
    ...(times === 'before' || times === 'between' ? { before: bound() } : {}),
    ...(times === 'after' || times === 'between' ? { after: bound() } : {}),
  }
}

interface Reading {
  readonly read: readonly Pin[]
  /** Number of records that were reported as no valid pins; null if no stream read the whole list. */
  readonly leftOut: number | null
}

async function readByPages(tenant: Tenant, query: PinQuery, size: number): Promise<Reading> {
  return { read: await readInPages({ tenant }, query, [size]), leftOut: null }
}

/** Reads everything with one stream for each part, as removals do, with what had to be left out. */
async function readAtOnce(tenant: Tenant, query: PinQuery, expected: number): Promise<Reading> {
  const streams = tenant.openStreams(query, { expected })
  const parts: Pin[][] = []
  for (const stream of streams) parts.push(await stream.take(Number.POSITIVE_INFINITY))
  const read = parts.length === 1 ? (parts[0] ?? []) : parts.flat().sort(comparePositions)
  return { read, leftOut: streams.reduce((sum, { leftOut }) => sum + leftOut.length, 0) }
}

async function attempt<Value>(read: () => Promise<Value>): Promise<Value | PinqlError> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof PinqlError) return error
    throw error
  }
}

function judge(pins: readonly GrammarPin[], query: PinQuery, { read, leftOut }: Reading): HistoryOutcome['result'] {
  const { before, after } = query
  const ids = new Set(read.map(({ requestId }) => requestId))
  if (ids.size !== read.length) return { mistake: `${read.length - ids.size} pins came twice` }
  if (read.some((pin, index) => index > 0 && comparePositions(read[index - 1] as Pin, pin) >= 0))
    return { mistake: 'pins came out of order' }
  const latest = before === undefined ? null : parseInstant(before).ns
  const earliest = after === undefined ? null : parseInstant(after).ns
  const wanted = pins.filter(
    (pin) =>
      isWanted(query, pin) &&
      (latest === null || pin.created < latest) &&
      (earliest === null || pin.created > earliest),
  )
  const readable = wanted.filter(({ isOdd }) => !isOdd)
  const missing = readable.filter(({ requestId }) => !ids.has(requestId)).length
  if (missing > 0) return { mistake: `${missing} of ${readable.length} pins are missing` }
  if (read.length > readable.length) return { mistake: `${read.length - readable.length} pins do not match` }
  const odd = wanted.length - readable.length
  // A record without a time may be outside of the range.
  if (leftOut !== null && leftOut < odd) return { mistake: `${odd} odd records, of which ${leftOut} were reported` }
  return 'exact'
}
