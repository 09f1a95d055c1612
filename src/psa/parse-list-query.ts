import { z } from 'zod'
import { type Cid, parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import { type Instant, parseInstant } from '../domain/instant.ts'
import { type NameMatch, PIN_STATUSES, type PinStatus, type StringMap } from '../domain/pin.ts'
import { checked, decodeWith } from './decode-with.ts'
import { parseJson } from './parse-json.ts'
import { META_SCHEMA, NAME_SCHEMA } from './pin-fields.ts'

const MAX_CIDS = 10
const MAX_LIMIT = 1_000
const DEFAULT_LIMIT = 10
const MAX_META_FILTERS = 100

/** A list of pins as a client of the API asks for it, with the defaults of the specification filled in. */
export interface RequestedList {
  /** At most 10. Null for any CID. */
  readonly cids: readonly Cid[] | null
  readonly name: string | null
  readonly match: NameMatch
  readonly statuses: readonly PinStatus[]
  /** Exclusive, as `after` is. */
  readonly before: Instant | null
  readonly after: Instant | null
  readonly meta: StringMap
  /** 1 to 1,000. */
  readonly limit: number
}

const LIST_QUERY = z.object({
  cid: commaSeparated(z.string().transform(checked(parseCid, 'cid')))
    .refine((cids) => cids.length <= MAX_CIDS, `expected at most ${MAX_CIDS} CIDs`)
    .optional(),
  name: NAME_SCHEMA.optional(),
  match: z.enum(['exact', 'iexact', 'partial', 'ipartial']).default('exact'),
  status: commaSeparated(z.enum(PIN_STATUSES)).optional(),
  before: z.string().transform(checked(parseInstant, 'before')).optional(),
  after: z.string().transform(checked(parseInstant, 'after')).optional(),
  limit: z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from 1 to ${MAX_LIMIT}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_LIMIT, `expected a whole number from 1 to ${MAX_LIMIT}`)
    .default(DEFAULT_LIMIT),
  meta: z
    .string()
    .transform(checked(parseJson, 'meta'))
    .pipe(META_SCHEMA)
    .refine((meta) => Object.keys(meta).length <= MAX_META_FILTERS, `expected at most ${MAX_META_FILTERS} keys`)
    .default({}),
})

/**
 * Parses the query of `GET /pins`. Lists may be comma-separated or repeated. `meta` may be JSON, or `meta[key]=value`, as the official client
 * for JavaScript sends it.
 *
 * @throws {BadRequestError} for a parameter that is not as the specification says, and for any other: a filter that is passed over would
 *   show, or remove, more than was meant. The message names each wrong one.
 * @see Pinning Service API 1.0.0, operation `getPins`
 */
export function parseListQuery(query: URLSearchParams): RequestedList {
  const given: Record<string, string> = {}
  const entries = metaEntriesOf(query)
  refuseUnknown(query)
  for (const key of Object.keys(LIST_QUERY.shape)) {
    const values = query.getAll(key)
    const isList = key === 'cid' || key === 'status'
    if (values.length > 1 && !isList) throw BadRequestError.of(key, 'to be given once', values)
    if (values.length > 0) given[key] = values.join(',')
  }
  if (entries !== null && given.meta !== undefined) throw BadRequestError.of('meta', 'in one form', 'meta and meta[…]')
  if (entries !== null) given.meta = JSON.stringify(entries)
  const { cid, name, match, status, before, after, limit, meta } = decodeWith(LIST_QUERY, given)
  return {
    cids: cid ?? null,
    name: name ?? null,
    match,
    // The specification contradicts itself. By the parameter's text, a missing status means `pinned`. By the operation's
    // text, it does so only where no filter is given. The official suite looks for a name right after adding it, and
    // expects to find it.
    statuses: status ?? (name === undefined ? ['pinned'] : PIN_STATUSES),
    before: before ?? null,
    after: after ?? null,
    meta,
    limit,
  }
}

const META_ENTRY = /^meta\[([^\]]*)\]$/

/** Returns what `meta[key]=value` says; null where it is not used. */
function metaEntriesOf(query: URLSearchParams): StringMap | null {
  const entries = new Map<string, string>()
  for (const [name, value] of query) {
    const key = META_ENTRY.exec(name)?.[1]
    if (key === undefined) continue
    if (entries.has(key)) throw BadRequestError.of(name, 'to be given once', query.getAll(name))
    entries.set(key, value)
  }
  return entries.size === 0 ? null : Object.fromEntries(entries)
}

function refuseUnknown(query: URLSearchParams): void {
  const known = Object.keys(LIST_QUERY.shape)
  const unknown = [...query.keys()].find((name) => !known.includes(name) && !META_ENTRY.test(name))
  if (unknown !== undefined) throw BadRequestError.of('query', `only ${known.join(', ')}`, unknown)
}

function commaSeparated<T extends z.ZodType<unknown, string>>(item: T) {
  return z
    .string()
    .transform((text) => [...new Set(text.split(','))])
    .pipe(z.array(item))
}
