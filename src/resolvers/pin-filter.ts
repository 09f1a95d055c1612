import { type Cid, parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import { parseInstant } from '../domain/instant.ts'
import { type NameMatch, PIN_STATUSES, type PinStatus, type StringMap } from '../domain/pin.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'
import { parseName, parseStringMap } from './pin-input.ts'

/** `PinFilter` as GraphQL passes it. */
export interface PinFilterInput {
  readonly cid?: readonly string[] | null | undefined
  readonly name?: string | null | undefined
  readonly match?: NameMatch | null | undefined
  readonly status?: readonly PinStatus[] | null | undefined
  readonly createdBefore?: string | null | undefined
  readonly createdAfter?: string | null | undefined
  readonly meta?: unknown
}

const MAX_FILTER_CIDS = 100
/** Characters of all keys and values of `meta`, which go into the URL of a list. Servers take 8 to 16 KB of it. */
const MAX_FILTER_META = 4_096

/**
 * Checks a filter before anything is sent, and makes a query of it.
 *
 * An empty text and Go's zero time are no condition, since search boxes and generated clients send them. Without `status`, the
 * query has all four statuses. An empty list of CIDs or statuses matches nothing.
 *
 * @param path of the filter among the arguments, for the error
 * @param parse parses a CID. Default: {@link parseCid}
 * @throws {BadRequestError} for the first part that is malformed or too large
 */
export function parsePinFilter(
  filter: PinFilterInput | null | undefined,
  path = 'filter',
  parse: (text: string, argument: string) => Cid = parseCid,
): PinQuery {
  const { cid, name, match, status, createdBefore, createdAfter, meta } = filter ?? {}
  if (cid && cid.length > MAX_FILTER_CIDS) {
    throw BadRequestError.of(`${path}.cid`, `at most ${MAX_FILTER_CIDS} CIDs`, `${cid.length} CIDs`)
  }
  return {
    cids: cid?.map((each, index) => parse(each, `${path}.cid[${index}]`)),
    name: name ? parseName(name, `${path}.name`) : undefined,
    match: match ?? undefined,
    statuses: status ? [...new Set(status)] : PIN_STATUSES,
    before: parseTime(createdBefore, `${path}.createdBefore`),
    after: parseTime(createdAfter, `${path}.createdAfter`),
    meta: meta == null ? undefined : parseMeta(meta, `${path}.meta`),
  } satisfies Record<keyof PinQuery, unknown>
}

/** @throws {BadRequestError} for anything but a map of strings that fits into a URL */
function parseMeta(value: unknown, path: string): StringMap {
  const meta = parseStringMap(value, path)
  let length = 0
  for (const key in meta) length += key.length + (meta[key] ?? '').length
  if (length <= MAX_FILTER_META) return meta
  throw BadRequestError.of(path, `at most ${MAX_FILTER_META} characters`, `${length} characters`)
}

type Part = keyof PinFilterInput

/**
 * Says of each part of a filter which of its values leave pins out.
 *
 * `any`: every value. `text`: every text but those for an unset value. `entries`: an object with entries. `nothing`: no value.
 */
const PARTS = {
  cid: 'any',
  name: 'text',
  match: 'nothing',
  status: 'any',
  createdAfter: 'text',
  createdBefore: 'text',
  meta: 'entries',
} as const satisfies Record<Part, 'any' | 'text' | 'entries' | 'nothing'>

const ALL_PARTS = Object.keys(PARTS) as Part[]

/** Returns the first part with a text that generated clients send for an unset value; undefined when there is none. */
export function unsetPartOf(filter: PinFilterInput): Part | undefined {
  return ALL_PARTS.find((part) => PARTS[part] === 'text' && typeof filter[part] === 'string' && isUnset(filter[part]))
}

/** True for a filter that has no condition, so that every pin matches it. */
export function isEmptyFilter(filter: PinFilterInput): boolean {
  return ALL_PARTS.every((part) => {
    const value = filter[part]
    if (value == null || PARTS[part] === 'nothing') return true
    return PARTS[part] === 'entries' && typeof value === 'object' && Object.keys(value).length === 0
  })
}

/** True for a text that generated clients send for an unset value: the empty text, or Go's zero time. */
function isUnset(text: string): boolean {
  return text === '' || /^0001-01-01T00:00:00(?:\.0+)?Z$/.test(text)
}

function parseTime(text: string | null | undefined, path: string): string | undefined {
  if (text == null || isUnset(text)) return undefined
  parseInstant(text, path)
  return text
}
