import { z } from 'zod'
import { parseCid } from '../domain/cid.ts'
import { parseMultiaddr } from '../domain/multiaddr.ts'
import type { NewPin } from '../domain/pin.ts'
import { MAX_META_ENTRIES, MAX_ORIGINS } from '../domain/pin-bounds.ts'
import { checked, decodeWith } from './decode-with.ts'
import { parseJson } from './parse-json.ts'
import { META_SCHEMA, NAME_SCHEMA } from './pin-fields.ts'

/** Values of a body: twice as many as the largest pin has, so that unknown fields have room. 40,000 keys of `meta` take a tenth of a second. */
const MAX_VALUES = 2 * (MAX_META_ENTRIES + MAX_ORIGINS)

const PIN = z.object({
  cid: z.string().transform(checked(parseCid, 'cid')),
  name: NAME_SCHEMA.optional(),
  origins: z
    .array(z.string().transform(checked(parseMultiaddr, 'origins')))
    .max(MAX_ORIGINS, `expected at most ${MAX_ORIGINS} multiaddrs`)
    .optional(),
  meta: META_SCHEMA.optional(),
})

/**
 * Parses the body of `POST /pins` and `POST /pins/{requestid}`, a `Pin`. Drops unknown fields and repeated origins.
 *
 * @throws {BadRequestError} for any other body, and for one of more than 2,040 values. The message names each wrong field.
 * @see Pinning Service API 1.0.0, schema `Pin`
 */
export function parsePin(body: string): NewPin {
  const { cid, name, origins, meta } = decodeWith(PIN, parseJson(body, 'the body', { maxValues: MAX_VALUES }))
  return { cid, name: name ?? null, origins: [...new Set(origins)], meta: meta ?? {} }
}
