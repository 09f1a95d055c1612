import { parseCid } from '../../../src/domain/cid.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import { type NameMatch, PIN_STATUSES } from '../../../src/domain/pin.ts'
import { SECOND } from './created-text.ts'
import type { EmulatedPin } from './emulated-pin.ts'
import { Refusal } from './refusal.ts'

/** The pins still in the running, and the `count` to report. */
interface Listing {
  readonly pins: readonly EmulatedPin[]
  readonly count: number
}

/** One stage of answering `GET /pins`. Services differ in which stages they have and in which order they run. */
export type ListStep = (listing: Listing, query: URLSearchParams) => Listing

export type ListPins = (pins: readonly EmulatedPin[], query: URLSearchParams) => Listing

/** Runs stages one after the other; the position of `countHere` decides what `count` means (#17). */
export function listing(...steps: readonly ListStep[]): ListPins {
  return (pins, query) => steps.reduce<Listing>((result, step) => step(result, query), { pins, count: pins.length })
}

/** Reports the number of pins that passed so far as `count`. */
export const countHere: ListStep = ({ pins }) => ({ pins, count: pins.length })

// --- cid ---------------------------------------------------------------------------------------------------------

/** Compares content whatever the CID's version and base; more than `max` are refused, or silently cut off (#36). */
export function cidIn(max: number, beyond: 'refused' | 'cut off' = 'refused'): ListStep {
  return filter((query) => {
    const wanted = csv(query, 'cid')
    if (!wanted) return null
    if (wanted.length > max && beyond === 'refused') {
      throw Refusal.badRequest(`cid: expected at most ${max} CIDs, got ${wanted.length}`)
    }
    const keys = new Set(wanted.slice(0, max).map(cidKey))
    return (pin) => keys.has(pin.cidKey)
  })
}

/** #35: compares CIDs as text, so that v0 and v1 of the same content differ. */
export const cidTextIn: ListStep = filter((query) => {
  const wanted = csv(query, 'cid')
  return wanted && ((pin) => wanted.includes(pin.cid))
})

/** #35: takes the whole parameter for one CID, so that several match nothing. */
export const cidTextIs: ListStep = filter((query) => {
  const wanted = query.get('cid')
  return wanted === null ? null : (pin) => pin.cid === wanted
})

/** #35, #36: as text, and with `cid` given several times at most nine times. */
export const cidRepeatedUpTo9: ListStep = (result, query) => {
  if (query.getAll('cid').length > 9) throw Refusal.badRequest('cid: at most 9 values')
  return cidTextIn(result, query)
}

// --- name --------------------------------------------------------------------------------------------------------

export type NameMatches = Readonly<Record<NameMatch, (name: string, wanted: string) => boolean>>

/** The four strategies as the specification means them. */
export const specifiedMatches: NameMatches = {
  exact: (name, wanted) => name === wanted,
  iexact: (name, wanted) => name.toLowerCase() === wanted.toLowerCase(),
  partial: (name, wanted) => name.includes(wanted),
  ipartial: (name, wanted) => name.toLowerCase().includes(wanted.toLowerCase()),
}

/** Filters by `name`; `changes` are the strategies that a service gets wrong (#39). */
export function nameMatches(changes: Partial<NameMatches> = {}): ListStep {
  const strategies: NameMatches = { ...specifiedMatches, ...changes }
  return filter((query) => {
    const wanted = query.get('name')
    if (wanted === null) return null
    const match = query.get('match') ?? 'exact'
    if (!Object.hasOwn(strategies, match)) throw Refusal.badRequest(`match: unknown strategy ${match}`)
    const matches = strategies[match as NameMatch]
    return (pin) => matches(pin.name ?? '', wanted)
  })
}

// --- status ------------------------------------------------------------------------------------------------------

/** The statuses in a list whose query names no status (#8). */
export type DefaultStatus = 'pinned' | 'all'

/** Filters by a comma-separated `status`; unknown names are refused or dropped. */
export function statusIn(byDefault: DefaultStatus, unknownNames: 'refused' | 'dropped' = 'refused'): ListStep {
  return filter((query) => {
    const wanted = csv(query, 'status') ?? (byDefault === 'all' ? null : ['pinned'])
    const unknown = wanted?.filter((status) => !(PIN_STATUSES as readonly string[]).includes(status)) ?? []
    if (unknown.length > 0 && unknownNames === 'refused') {
      throw Refusal.badRequest(`status: unknown value ${unknown[0]}`)
    }
    return wanted && ((pin) => wanted.includes(pin.status))
  })
}

/** #9: takes the whole parameter for one status, so that several match nothing. */
export const statusIs: ListStep = filter((query) => {
  const wanted = query.get('status')
  return wanted === null ? null : (pin) => pin.status === wanted
})

/** #10: refuses a list that names no status. */
export const statusMandatory: ListStep = (result, query) => {
  if (!query.has('status')) throw new Refusal(400, 'PSA_REQUIRED_DATA', 'Missing required parameter: status')
  return statusIn('all')(result, query)
}

// --- meta --------------------------------------------------------------------------------------------------------

/** All pairs of the JSON object must be there. */
export const metaHasAll: ListStep = filter((query) => {
  const wanted = Object.entries(metaObject(query))
  return wanted.length === 0 ? null : (pin) => wanted.every(([key, value]) => pin.meta?.[key] === value)
})

/** #40: only the first pair of the JSON object is looked at. */
export const metaHasFirst: ListStep = filter((query) => {
  const [first] = Object.entries(metaObject(query))
  return first === undefined ? null : (pin) => pin.meta?.[first[0]] === first[1]
})

const SPECIFIED_PARAMETERS = ['cid', 'name', 'match', 'status', 'before', 'after', 'limit', 'meta']

/** #40: takes parameters that the specification does not know for pairs of meta; `meta` itself is not understood. */
export const metaFromStrayParameters: ListStep = filter((query) => {
  const wanted = [...query].filter(([key]) => !SPECIFIED_PARAMETERS.includes(key))
  return wanted.length === 0 ? null : (pin) => wanted.every(([key, value]) => pin.meta?.[key] === value)
})

// --- time --------------------------------------------------------------------------------------------------------

export const beforeExclusive: ListStep = timeFilter('before', (created, limit) => created < limit)

/** #11: the boundary pin comes back on the next page. */
export const beforeInclusive: ListStep = timeFilter('before', (created, limit) => created <= limit)

/** #12: rounded up to the next whole second, so that up to a second of pins comes back. */
export const beforeRoundedUp: ListStep = timeFilter(
  'before',
  (created, limit) => created < ((limit + SECOND - 1n) / SECOND) * SECOND,
)

/** #12: cut to whole seconds. */
export const beforeWholeSeconds: ListStep = timeFilter(
  'before',
  (created, limit) => created < (limit / SECOND) * SECOND,
)

export const afterExclusive: ListStep = timeFilter('after', (created, limit) => created > limit)

// --- order and size ----------------------------------------------------------------------------------------------

/** Newest first; of equal instants, the one stored last comes first. */
export const newestFirst: ListStep = ({ pins, count }) => ({
  pins: [...pins].reverse().sort((a, b) => compare(b.created, a.created)),
  count,
})

/** #16: oldest first. */
export const oldestFirst: ListStep = ({ pins, count }) => ({
  pins: [...pins].sort((a, b) => compare(a.created, b.created)),
  count,
})

/** #16: in the order of some key that has nothing to do with time; the same order on every call. */
export const unordered: ListStep = ({ pins, count }) => ({
  pins: [...pins].sort((a, b) => compare(scrambled(a.requestId), scrambled(b.requestId))),
  count,
})

/** The size of a page: without `limit` it is `byDefault` (#7), and a `limit` above `max` is refused. */
export function limitTo(byDefault: number, max = 1000): ListStep {
  return ({ pins, count }, query) => {
    const text = query.get('limit')
    const limit = text === null ? byDefault : Number(text)
    if (text !== null && !(Number.isInteger(limit) && limit >= 1 && limit <= max)) {
      throw Refusal.badRequest(`limit: expected 1 to ${max}, got ${text}`)
    }
    return { pins: pins.slice(0, limit), count }
  }
}

// --- shared ------------------------------------------------------------------------------------------------------

/** A stage that keeps what the predicate wants; null: the query does not ask for this filter. */
function filter(predicateOf: (query: URLSearchParams) => ((pin: EmulatedPin) => boolean) | null): ListStep {
  return ({ pins, count }, query) => {
    const predicate = predicateOf(query)
    return { pins: predicate ? pins.filter(predicate) : pins, count }
  }
}

function timeFilter(parameter: 'before' | 'after', keeps: (created: bigint, limit: bigint) => boolean): ListStep {
  return filter((query) => {
    const text = query.get(parameter)
    if (text === null) return null
    const { ns } = orRefuse(parameter, text, parseInstant)
    return (pin) => keeps(pin.created, ns)
  })
}

function metaObject(query: URLSearchParams): Record<string, unknown> {
  const text = query.get('meta')
  const value: unknown = text === null ? {} : orRefuse('meta', text, JSON.parse)
  if (typeof value !== 'object' || value === null) throw Refusal.badRequest('meta: expected an object')
  return value as Record<string, unknown>
}

function csv(query: URLSearchParams, parameter: string): string[] | null {
  return query.has(parameter) ? query.getAll(parameter).flatMap((value) => value.split(',')) : null
}

function cidKey(text: string): string {
  return orRefuse('cid', text, parseCid).key
}

function orRefuse<T>(parameter: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (cause) {
    throw Refusal.badRequest(`${parameter}: cannot read ${text}`, cause)
  }
}

function compare<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** FNV-1a: spreads ids evenly and always alike. */
function scrambled(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
