import { parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import { parseInstant } from '../domain/instant.ts'
import { type NameMatch, PIN_STATUSES, type PinStatus } from '../domain/pin.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'
import { parseName, parseStringMap } from './pin-input.ts'

/** The filter of a list of pins, as GraphQL passes it. */
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

/**
 * Checks a filter before anything is sent. An empty text and Go's zero time are no condition: search boxes and generated
 * clients send them.
 *
 * @returns the query; all four statuses where none is named. An empty `cid` or `status` list matches nothing
 * @throws {BadRequestError} for the first part that does not fit
 */
export function parsePinFilter(filter: PinFilterInput | null | undefined, path = 'filter'): PinQuery {
  const { cid, name, match, status, createdBefore, createdAfter, meta } = filter ?? {}
  if (cid && cid.length > MAX_FILTER_CIDS) {
    throw BadRequestError.of(`${path}.cid`, `at most ${MAX_FILTER_CIDS} CIDs`, `${cid.length} CIDs`)
  }
  return {
    cids: cid?.map((each, index) => parseCid(each, `${path}.cid[${index}]`)),
    name: name ? parseName(name, `${path}.name`) : undefined,
    match: match ?? undefined,
    statuses: status ? [...new Set(status)] : PIN_STATUSES,
    before: parseTime(createdBefore, `${path}.createdBefore`),
    after: parseTime(createdAfter, `${path}.createdAfter`),
    meta: meta == null ? undefined : parseStringMap(meta, `${path}.meta`),
  } satisfies Record<keyof PinQuery, unknown>
}

type Part = keyof PinFilterInput

/**
 * Tells for each part of a filter what it says: `any` leaves pins out whenever it is set, `text` unless it is an unset text,
 * `entries` unless it has none, and `nothing` never.
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

/** True for a filter that every pin matches, since no part of it is set. */
export function isEmptyFilter(filter: PinFilterInput): boolean {
  return ALL_PARTS.every((part) => {
    const value = filter[part]
    if (value == null || PARTS[part] === 'nothing') return true
    return PARTS[part] === 'entries' && typeof value === 'object' && Object.keys(value).length === 0
  })
}

/** True for a text that generated clients send for an unset value: empty, or Go's zero time. */
function isUnset(text: string): boolean {
  return text === '' || /^0001-01-01T00:00:00(?:\.0+)?Z$/.test(text)
}

function parseTime(text: string | null | undefined, path: string): string | undefined {
  if (text == null || isUnset(text)) return undefined
  parseInstant(text, path)
  return text
}
