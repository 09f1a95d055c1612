import { z } from 'zod'
import { parseCid } from '../domain/cid.ts'
import { BadRequestError, show } from '../domain/errors.ts'
import { parseInstant } from '../domain/instant.ts'
import { parseMultiaddr } from '../domain/multiaddr.ts'
import { type NewPin, PIN_STATUSES } from '../domain/pin.ts'
import type { PinFilter } from './pin-filter.ts'

const MAX_CIDS = 10
const MAX_LIMIT = 1_000
const DEFAULT_LIMIT = 10
const MAX_ORIGINS = 20
const MAX_META = 1_000
const MAX_META_FILTERS = 100

/** Such text has no UTF-8, so that it would neither be stored as it is nor found again. */
const HALF_PAIR = /\p{Surrogate}/u
const NO_HALF_PAIR = 'expected no half of a surrogate pair'

const nameText = z
  .string()
  .refine((name) => !HALF_PAIR.test(name), NO_HALF_PAIR)
  .refine((name) => [...name].length <= 255, 'expected at most 255 characters')
  // SQLite would keep what stands before it only.
  .refine((name) => !name.includes('\0'), 'expected no U+0000')

const metaObject = z
  // zod leaves this key out without a word.
  .custom<unknown>((meta) => !isObject(meta) || !Object.hasOwn(meta, '__proto__'), 'expected no key "__proto__"')
  .pipe(z.record(z.string(), z.string()))
  .refine(
    (meta) =>
      !Object.entries(meta)
        .flat()
        .some((text) => HALF_PAIR.test(text)),
    NO_HALF_PAIR,
  )
  .refine((meta) => Object.keys(meta).length <= MAX_META, `expected at most ${MAX_META} keys`)

const pinBody = z.object({
  cid: z.string().transform(checked(parseCid, 'cid')),
  name: nameText.optional(),
  origins: z
    .array(z.string().transform(checked(parseMultiaddr, 'origins')))
    .max(MAX_ORIGINS, `expected at most ${MAX_ORIGINS} multiaddrs`)
    .optional(),
  meta: metaObject.optional(),
})

const listQuery = z.object({
  cid: commaSeparated(z.string().transform(checked((text) => parseCid(text).key, 'cid')))
    .refine((cids) => cids.length <= MAX_CIDS, `expected at most ${MAX_CIDS} CIDs`)
    .optional(),
  name: nameText.optional(),
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
    .pipe(metaObject)
    .refine((meta) => Object.keys(meta).length <= MAX_META_FILTERS, `expected at most ${MAX_META_FILTERS} keys`)
    .default({}),
})

/**
 * Reads the body of `POST /pins` and `POST /pins/{requestid}`. Unknown fields are dropped, equal origins are one.
 *
 * @throws {BadRequestError} for anything but a `Pin`
 */
export function readPin(body: string): NewPin {
  const { cid, name, origins, meta } = read(pinBody, parseJson(body, 'the body'))
  return { cid, name: name ?? null, origins: [...new Set(origins)], meta: meta ?? {} }
}

/**
 * Reads the query of `GET /pins`. Lists may be comma-separated or repeated; unknown parameters are ignored.
 *
 * @throws {BadRequestError} for a parameter that is not as the specification says
 */
export function readListQuery(query: URLSearchParams): PinFilter {
  const given: Record<string, string> = {}
  for (const key of Object.keys(listQuery.shape)) {
    const values = query.getAll(key)
    const isList = key === 'cid' || key === 'status'
    if (values.length > 1 && !isList) throw BadRequestError.of(key, 'to be given once', values)
    if (values.length > 0) given[key] = values.join(',')
  }
  const { cid, name, match, status, before, after, limit, meta } = read(listQuery, given)
  return {
    cidKeys: cid ?? null,
    name: name ?? null,
    match,
    // The parameter's text says that a missing status means pinned ones; the operation's, that it does so where no
    // filter is given. The official suite looks for a name right after adding it and expects it to be found.
    statuses: status ?? (name === undefined ? ['pinned'] : PIN_STATUSES),
    // `created` is in milliseconds and both bounds are exclusive.
    before: before ? Number((before.ns + 999_999n) / 1_000_000n) : null,
    after: after ? Number(floorDiv(after.ns, 1_000_000n)) : null,
    meta,
    limit,
  }
}

function floorDiv(a: bigint, b: bigint): bigint {
  return a >= 0n ? a / b : -((-a + b - 1n) / b)
}

function commaSeparated<T extends z.ZodType<unknown, string>>(item: T) {
  return z
    .string()
    .transform((text) => [...new Set(text.split(','))])
    .pipe(z.array(item))
}

/** A parser of the domain as a zod transform: its error becomes an issue with the same words. */
function checked<T>(parse: (text: string, argument: string) => T, argument: string) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return parse(text, argument)
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error
      context.addIssue({ code: 'custom', message: `expected ${error.expected}, got ${error.received}` })
      return z.NEVER
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function parseJson(text: string, argument: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw BadRequestError.of(argument, 'JSON', text, cause)
  }
}

function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  throw new BadRequestError(issues.join('; '), { received: show(input), cause: result.error })
}
