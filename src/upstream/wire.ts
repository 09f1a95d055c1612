import { z } from 'zod'
import { type Cid, parseCid } from '../domain/cid.ts'
import { MalformedResponseError } from '../domain/errors.ts'
import { type Instant, parseInstant } from '../domain/instant.ts'
import { type NewPin, OPERATION_META_KEY, type Pin, type PinStatus, type StringMap } from '../domain/pin.ts'

/** One page of a list. */
export interface PinPage {
  /** How many pins the service says match; services disagree on what that means. */
  readonly count: number | null
  readonly pins: readonly Pin[]
}

/** How to read what a service writes. */
export interface Reading {
  /** A name that is the pin's CID is none. Default false. */
  readonly namesPinsByCid?: boolean
}

/**
 * Statuses of services that go beyond the specification's four, without case and separators. Everything else unknown is
 * still under way.
 */
const STATUSES: Readonly<Record<string, PinStatus>> = {
  queued: 'queued',
  pinning: 'pinning',
  pinned: 'pinned',
  failed: 'failed',
  error: 'failed',
  pinerror: 'failed',
  clustererror: 'failed',
  unpinerror: 'failed',
  unpinned: 'failed',
  removed: 'failed',
}

const text = z.string().nullish()

/** Values that are not text are shown as JSON, so that nothing a service tells is lost. */
const stringMap = z
  .unknown()
  .optional()
  .transform((value): StringMap => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    const entries = isMap ? Object.entries(value).filter(([, each]) => each !== null && each !== undefined) : []
    return Object.fromEntries(
      entries.map(([key, each]) => [key, typeof each === 'string' ? each : JSON.stringify(each)]),
    )
  })

const addresses = z.preprocess((value) => value ?? [], z.array(z.string()))

const status = z
  .string()
  .transform((value): PinStatus => STATUSES[value.toLowerCase().replace(/[^a-z]/g, '')] ?? 'queued')

const cid = z.string().transform((value, context): Cid => read(() => parseCid(value), context))

const created = z.string().transform((value, context): Instant => {
  try {
    return parseInstant(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'expected an RFC 3339 timestamp' })
    return z.NEVER
  }
})

/** Some services send numbers, or spell the key like their other ones. What JavaScript would round is no id. */
const requestId = z.union([z.string().min(1), z.int().transform(String)])

const pinStatus = z
  .object({
    requestid: requestId.optional(),
    requestId: requestId.optional(),
    status,
    created,
    pin: z.object({ cid, name: text, origins: addresses, meta: stringMap }),
    delegates: addresses,
    info: stringMap,
  })
  .transform((wire, context) => {
    const id = wire.requestid ?? wire.requestId
    if (id === undefined) {
      context.addIssue({ code: 'custom', message: 'expected a requestid', path: ['requestid'] })
      return z.NEVER
    }
    return { ...wire, requestid: id }
  })

/** `results` may be null, but must be there: other JSON is not an account without pins. */
const pinResults = z.object({
  count: z.int().min(0).nullable().catch(null),
  results: z
    .array(pinStatus)
    .nullable()
    .transform((pins) => pins ?? []),
})

/**
 * Reads the body of `GET /pins`.
 *
 * Nulls and missing optional parts become empty, unknown fields are dropped, `created` stays as it came.
 *
 * @throws {MalformedResponseError} when it is no `PinResults`
 */
export function decodePinPage(service: string, body: string, reading: Reading = {}): PinPage {
  const { count, results } = decode(pinResults, service, body, 'a list of pins')
  return { count, pins: results.map((wire) => toPin(service, wire, reading)) }
}

/**
 * Reads the body of the other operations that answer with a pin.
 *
 * @throws {MalformedResponseError} when it is no `PinStatus`
 */
export function decodePin(service: string, body: string, reading: Reading = {}): Pin {
  return toPin(service, decode(pinStatus, service, body, 'a pin'), reading)
}

/** The body of `POST /pins` and `POST /pins/{requestid}`: the four known fields and nothing else, since some services refuse more. */
export function encodeNewPin(pin: NewPin): Record<string, unknown> {
  const meta = { ...pin.meta, ...(pin.operationId !== undefined && { [OPERATION_META_KEY]: pin.operationId }) }
  return {
    cid: pin.cid.text,
    ...(pin.name === null ? {} : { name: pin.name }),
    ...(pin.origins.length === 0 ? {} : { origins: pin.origins }),
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
  }
}

function toPin(service: string, wire: z.output<typeof pinStatus>, { namesPinsByCid = false }: Reading): Pin {
  const { [OPERATION_META_KEY]: operationId, ...meta } = wire.pin.meta
  return {
    service,
    requestId: wire.requestid,
    status: wire.status,
    cid: wire.pin.cid,
    name: (namesPinsByCid && wire.pin.name === wire.pin.cid.text ? null : wire.pin.name) || null,
    created: wire.created,
    origins: wire.pin.origins,
    meta,
    ...(operationId !== undefined && { operationId }),
    delegates: wire.delegates,
    info: wire.info,
  }
}

function decode<Schema extends z.ZodType>(
  schema: Schema,
  service: string,
  body: string,
  what: string,
): z.output<Schema> {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (cause) {
    const came = body.trimStart().startsWith('<') ? 'an HTML page: check its endpoint' : 'something that is not JSON'
    throw new MalformedResponseError(`${service} was expected to answer with ${what}, and did with ${came}`, {
      service,
      cause,
    })
  }
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue?.path.join('.') || 'the answer'
  throw new MalformedResponseError(`${service} answered with no valid ${what.slice(2)}: ${where}: ${issue?.message}`, {
    service,
    cause: result.error,
  })
}

function read<Value>(parse: () => Value, context: z.RefinementCtx): Value {
  try {
    return parse()
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
}
