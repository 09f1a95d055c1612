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
  }
}

/** True for a text that generated clients send for an unset value: empty, or Go's zero time. */
export function isUnset(text: string): boolean {
  return text === '' || /^0001-01-01T00:00:00(?:\.0+)?Z$/.test(text)
}

function parseTime(text: string | null | undefined, path: string): string | undefined {
  if (text == null || isUnset(text)) return undefined
  parseInstant(text, path)
  return text
}
