import { parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import { parseMultiaddr } from '../domain/multiaddr.ts'
import { type NewPin, type StringMap, WRITE_ID_META_KEY } from '../domain/pin.ts'
import { MAX_META_ENTRIES, MAX_NAME_LENGTH, MAX_ORIGINS } from '../domain/pin-bounds.ts'

/** The arguments that describe a new pin, as GraphQL passes them. */
export interface PinInput {
  readonly cid: string
  readonly name?: string | null | undefined
  readonly origins?: readonly string[] | null | undefined
  readonly meta?: unknown
}

/** One entry less than services accept, since pinql adds its own with {@link WRITE_ID_META_KEY}. */
const MAX_OWN_META_ENTRIES = MAX_META_ENTRIES - 1

/**
 * Checks a new pin against the bounds of the Pinning Service API, before anything is sent.
 *
 * @param path of the input among the arguments, such as `input` or `input.pins[3]`
 * @throws {BadRequestError} for the first part that is malformed or too large
 */
export function parsePinInput(input: PinInput, path: string): NewPin {
  return {
    cid: parseCid(input.cid, `${path}.cid`),
    // Generated clients send an empty text for a name that is not set.
    name: input.name ? parseName(input.name, `${path}.name`) : null,
    origins: parseOrigins(input.origins ?? [], `${path}.origins`),
    meta: parseStringMap(input.meta ?? {}, `${path}.meta`),
  }
}

/** @throws {BadRequestError} for more than 255 characters */
export function parseName(name: string, path: string): string {
  // A character beyond the Basic Multilingual Plane counts as one, and takes two places. A longer text need not be looked through.
  const length = name.length > 2 * MAX_NAME_LENGTH ? name.length : [...name].length
  if (length <= MAX_NAME_LENGTH) return name
  throw BadRequestError.of(path, `at most ${MAX_NAME_LENGTH} characters`, `${length} characters`)
}

/** @throws {BadRequestError} for anything but an object of at most 999 strings, and for an entry with pinql's own key */
export function parseStringMap(value: unknown, path: string): StringMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw BadRequestError.of(path, 'an object whose values are strings', value)
  }
  const entries = Object.entries(value)
  if (entries.length > MAX_OWN_META_ENTRIES) {
    throw BadRequestError.of(path, `at most ${MAX_OWN_META_ENTRIES} entries`, `${entries.length} entries`)
  }
  if (Object.hasOwn(value, WRITE_ID_META_KEY)) {
    throw BadRequestError.of(`${path}.${WRITE_ID_META_KEY}`, 'any other key: this one is for pinql', WRITE_ID_META_KEY)
  }
  for (const [key, each] of entries) {
    if (typeof each !== 'string') throw BadRequestError.of(`${path}.${key}`, 'a string', each)
  }
  return Object.fromEntries(entries)
}

/** @throws {BadRequestError} for more than 20 addresses, and for a text that is not the multiaddr of a peer */
export function parseOrigins(origins: readonly string[], path: string): string[] {
  const unique = [...new Set(origins)]
  if (unique.length > MAX_ORIGINS) {
    throw BadRequestError.of(path, `at most ${MAX_ORIGINS} multiaddrs`, `${unique.length} multiaddrs`)
  }
  return unique.map((origin, index) => parseMultiaddr(origin, `${path}[${index}]`))
}
