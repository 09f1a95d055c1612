import { BadRequestError, PinNotFoundError } from '../domain/errors.ts'
import { formatInstant, parseInstant } from '../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../domain/pin.ts'
import { collectPins, PinStream } from '../upstream/pin-stream.ts'
import type { Tenant } from '../upstream/tenant.ts'
import type { PinCache } from './pin-cache.ts'
import { planPoll } from './poll-plan.ts'
import type { Selection } from './watch.ts'

/** What a cycle has to find out. */
export interface PollTargets {
  /** Pins under way that somebody watches. */
  readonly pending: readonly Pin[]
  /** Whether pins that come from elsewhere must be seen too. */
  readonly wantsNew: boolean
  readonly known: PinCache
  /** Request ids that were missing last time. */
  readonly suspects: readonly string[]
}

export interface PollResult {
  /** Pins that the answers should have shown, and did not. */
  readonly absent: readonly Pin[]
  /** How many lists a look over everything took. */
  readonly requests: number
}

/** More than a browser can show, and 10 requests of a service. */
const MAX_WATCHED = 10_000

/**
 * Reads what a new subscriber asks for.
 *
 * @param find what is known already and need not be asked for
 * @throws {BadRequestError} when a filter matches more than 10,000 pins
 */
export async function loadSelection(
  tenant: Tenant,
  selection: Selection,
  find: (requestId: string) => Pin | undefined,
): Promise<Pin[]> {
  if (selection.kind === 'query') {
    const stream = new PinStream(tenant, selection.query, { expected: 1000 })
    const pins: Pin[] = []
    for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
      pins.push(next.pin)
      stream.shift()
      if (pins.length > MAX_WATCHED) {
        throw BadRequestError.of('filter', `one that matches at most ${MAX_WATCHED} pins`, 'one that matches more')
      }
    }
    return pins
  }
  const unknown = [...selection.refs.values()].filter((ref) => !find(ref.requestId))
  const found = await Promise.all(
    unknown.map(async (ref) => {
      try {
        return [await tenant.lookupPin(ref)]
      } catch (error) {
        if (error instanceof PinNotFoundError) return []
        throw error
      }
    }),
  )
  return found.flat()
}

/**
 * One cycle. What the answers show reaches the cache through the tenant's observer; what they should have shown and did
 * not is returned.
 *
 * @param resync selections to be looked over whole, settled pins included; empty for a usual cycle
 */
export async function pollTenant(
  tenant: Tenant,
  targets: PollTargets,
  resync: readonly Selection[],
): Promise<PollResult> {
  if (resync.length > 0) return lookOver(tenant, targets, resync)
  const { pending, wantsNew, known, suspects } = targets
  const times = [...known.pins()].map((pin) => parseInstant(pin.created).ns)
  const newest = times.reduce<bigint | null>((most, ns) => (most === null || ns > most ? ns : most), null)
  const plan = planPoll(
    { pending, wantsNew, newest, countAfter: (from) => times.filter((ns) => ns > from).length },
    tenant.capabilities,
  )
  const seen = new Set<string>()
  const note = (pins: readonly Pin[]): void => {
    for (const { requestId } of pins) seen.add(requestId)
  }
  const live = { class: 'live' } as const
  if (plan.item !== null) note(await readItem(tenant, plan.item))
  if (plan.cids.length > 0) note(await collectPins(tenant, { cids: plan.cids, statuses: PIN_STATUSES }, live))
  if (plan.windowFrom !== null) {
    const after = formatInstant(plan.windowFrom, 3)
    note(await collectPins(tenant, { statuses: PIN_STATUSES, after }, live))
  }
  if (plan.pending) {
    note(await collectPins(tenant, { statuses: ['queued', 'pinning'] }, live))
    const vanished = pending.filter(({ requestId }) => !seen.has(requestId)).map(({ cid }) => cid)
    if (vanished.length > 0) note(await collectPins(tenant, { cids: vanished, statuses: PIN_STATUSES }, live))
  }
  const suspected = suspects.map((requestId) => known.get(requestId)).filter((pin) => pin !== undefined)
  const absent = [...new Set([...pending, ...suspected])].filter(({ requestId }) => !seen.has(requestId))
  return { absent, requests: 1 }
}

/** Looks over everything that is watched: a list for every ten CIDs that are asked for by id, or for every 1,000 pins. */
async function lookOver(tenant: Tenant, { known }: PollTargets, selections: readonly Selection[]): Promise<PollResult> {
  const options = { class: 'resync' } as const
  const expected: Pin[] = []
  const seen = new Set<string>()
  let requests = 0
  const refs = new Map(selections.flatMap((each) => (each.kind === 'ids' ? [...each.refs] : [])))
  const byId = [...refs.keys()].map((requestId) => known.get(requestId)).filter((pin) => pin !== undefined)
  expected.push(...byId)
  if (byId.length > 0) {
    const cids = [...new Map(byId.map(({ cid }) => [cid.key, cid])).values()]
    requests += Math.ceil(cids.length / tenant.capabilities.maxCids)
    for (const pin of await collectPins(tenant, { cids, statuses: PIN_STATUSES }, options)) seen.add(pin.requestId)
  }
  const queries = new Map(
    selections.flatMap((each) => (each.kind === 'query' ? [[JSON.stringify(each.query), each]] : [])),
  )
  for (const { query, matches } of queries.values()) {
    const pins = await collectPins(tenant, query, options)
    requests += Math.ceil((pins.length + 1) / 1000)
    for (const { requestId } of pins) seen.add(requestId)
    expected.push(...[...known.pins()].filter(matches))
  }
  return { absent: [...new Set(expected)].filter(({ requestId }) => !seen.has(requestId)), requests }
}

/** The pin by its request id, in a list of one; an empty list where the service does not have it. */
export async function readItem(tenant: Tenant, requestId: string): Promise<Pin[]> {
  try {
    return [await tenant.getPin(requestId, { class: 'live' })]
  } catch (error) {
    if (error instanceof PinNotFoundError) return []
    throw error
  }
}
