import { PinqlError } from '../../../src/domain/errors.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import { pins as readPage } from '../../../src/resolvers/pins.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { contextOf } from './context-of.ts'
import type { GrammarPin } from './random-service.ts'
import { createHistory, queryByChance } from './read-history.ts'
import { isWanted } from './record-filters.ts'
import type { ServiceRules } from './service-rules.ts'

/** The answer to one `totalCount` at one service of the grammar, and the truth. */
export interface CountOutcome {
  readonly rules: ServiceRules
  readonly query: PinQuery
  /** Null: the number is not known. `refused`: the page could not be read. */
  readonly total: number | null | 'refused'
  /** Number of pins that match: without the records that are no valid pins, and with those that may match. */
  readonly least: number
  readonly most: number
  /** Requests of the page and its count. */
  readonly requests: number
  /** Name of what the service did beside its rules. */
  readonly quirk: Quirk
}

/** `twice`: lists have some records twice, and `count` counts them twice. `of all users`: `count` includes pins of others. */
type Quirk = 'none' | 'twice' | 'of all users'

/** Asks a service of chance for a page and its `totalCount`, twice. The same seed makes the same history. */
export async function countHistory(seed: number): Promise<CountOutcome[]> {
  const { rules, service, tenant, any, below } = await createHistory(seed)
  const quirk = any<Quirk>(['none', 'none', 'twice', 'of all users'])
  service.repeats = quirk === 'twice'
  service.others = quirk === 'of all users' ? any([3, 1000]) : 0
  const outcomes: CountOutcome[] = []
  for (let asked = 0; asked < 2; asked++) {
    const query =
      any([0, 1]) === 0 ? { statuses: queryByChance([], any, below).statuses } : queryByChance(service.pins, any, below)
    const before = service.requests
    const total = await totalOf(tenant, query, any([1, 10, 100]))
    const wanted = service.pins.filter((pin) => isWanted(query, pin))
    const least = wanted.filter((pin) => !pin.isOdd && isInTime(query, pin)).length
    // A record whose time cannot be read may match. Nobody can tell that it is listed twice.
    const odd = wanted.filter(({ isOdd }) => isOdd).length
    const most = least + odd * (service.repeats ? 2 : 1)
    outcomes.push({ rules, query, total, least, most, requests: service.requests - before, quirk })
  }
  return outcomes
}

/** Asks for a page and its `totalCount`, as GraphQL does. */
export async function totalOf(tenant: Tenant, query: PinQuery, first: number): Promise<CountOutcome['total']> {
  const { cids, name, match, statuses, before, after, meta } = query
  const filter = {
    cid: cids?.map(({ text }) => text),
    name,
    match,
    status: statuses,
    createdBefore: before,
    createdAfter: after,
    meta,
  }
  try {
    const { count, error } = await (await readPage({ filter, first }, contextOf(tenant))).total()
    return error === null ? count : 'refused'
  } catch (error) {
    if (error instanceof PinqlError) return 'refused'
    throw error
  }
}

function isInTime({ before, after }: PinQuery, { created }: GrammarPin): boolean {
  return (
    (before === undefined || created < parseInstant(before).ns) &&
    (after === undefined || created > parseInstant(after).ns)
  )
}
