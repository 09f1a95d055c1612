import { type Cid, parseCid } from '../../domain/cid.ts'
import { MalformedResponseError } from '../../domain/errors.ts'
import { type Instant, parseInstant } from '../../domain/instant.ts'
import { nothingLeft } from '../../domain/nothing-left.ts'
import { type NewPin, OPERATION_META_KEY, type Pin, type PinStatus, type StringMap } from '../../domain/pin.ts'
import { Mismatch, readArray, readObject, readText } from './read-json.ts'

/** A record of a list that is not a valid pin, and so is not shown. */
export interface LeftOut {
  /** Equal for the same record on two pages. */
  readonly key: string
  /** Key of the record's CID; null where it has no valid CID. */
  readonly cidKey: string | null
  /** Path and expected value, such as `created: expected an RFC 3339 timestamp`. */
  readonly reason: string
}

/** One page of a list. */
export interface PinPage {
  /** Number of pins that match, as the service reports it. Services disagree on its meaning, see `Capabilities.count`. */
  readonly count: number | null
  readonly pins: readonly Pin[]
  /** Records of the page that are not valid pins. Undefined without any. */
  readonly leftOut?: readonly LeftOut[] | undefined
  /** True for a page that is shorter than requested, but may have been cut. See `LearnedCapabilities.looksCut`. */
  readonly looksCut?: true | undefined
  /** Called when the caller no longer needs the page. Absent where that makes no difference. */
  release?(): void
}

/**
 * A page that drops its pins as soon as all of its readers have released it.
 *
 * Many promises hold the page, and most of them have survived so long that the cheap garbage collections skip them. Without
 * the release, those collections would skip the pins of every page as well. That would add a quarter to the cost of a list.
 */
export class SharedPage implements PinPage {
  readonly count: number | null
  readonly pins: Pin[]
  readonly leftOut: readonly LeftOut[] | undefined
  readonly looksCut: true | undefined
  #readers = Number.POSITIVE_INFINITY

  /** @param pins are owned, and later emptied, by the page */
  constructor(count: number | null, pins: Pin[], leftOut?: readonly LeftOut[], looksCut?: true) {
    this.count = count
    this.pins = pins
    this.leftOut = leftOut
    this.looksCut = looksCut
  }

  /** Sets the number of readers. Called before any of them reads the page. Until then, `release` does nothing. */
  shareAmong(readers: number): void {
    this.#readers = readers
  }

  release(): void {
    if (--this.#readers === 0) this.pins.length = 0
  }
}

/** Returns the number of records that the service put on a page, readable or not. */
export function recordCount({ pins, leftOut }: PinPage): number {
  return pins.length + (leftOut?.length ?? 0)
}

/** Options for reading a service's pins. */
export interface Reading {
  /** True if a name that equals the pin's CID counts as no name. Default: false. */
  readonly namesPinsByCid?: boolean
}

/**
 * Statuses in lower case and letters only, including those beyond the specification's four. Any other status is read as
 * `queued`.
 */
const STATUSES: ReadonlyMap<string, PinStatus> = new Map([
  ['queued', 'queued'],
  ['pinning', 'pinning'],
  ['pinned', 'pinned'],
  ['failed', 'failed'],
  ['error', 'failed'],
  ['pinerror', 'failed'],
  ['clustererror', 'failed'],
  ['unpinerror', 'failed'],
  ['unpinned', 'failed'],
  ['removed', 'failed'],
])

/**
 * Reads the body of `GET /pins`.
 *
 * Optional fields that are null, missing or of another type become empty. Unknown fields are dropped. `created` keeps its
 * text. Only the request id, status, time and CID must be valid. A record in which one of them is not is left out, so that
 * one odd record does not hide a whole list.
 *
 * @throws {MalformedResponseError} when the body is not a `PinResults`, or when its records have neither request ids nor
 *   pins, as the lists of other APIs
 * @see Pinning Service API 1.0.0, schema `PinResults`
 */
export function decodePinPage(serviceName: string, body: string, reading: Reading = {}): PinPage {
  return decode(serviceName, body, 'a list of pins', (json) => {
    const { count, results } = readObject(json, '')
    // `results` may be null, but it must be present. Other JSON does not mean an account without pins.
    const records = results === null ? [] : readArray(results, 'results')
    const total = Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : null
    return readPage(serviceName, total, records, reading)
  })
}

/**
 * Reads the body of `POST /pins`, `GET /pins/{requestid}` and `POST /pins/{requestid}`.
 *
 * @throws {MalformedResponseError} when the body is not a `PinStatus`
 * @see Pinning Service API 1.0.0, schema `PinStatus`
 */
export function decodePin(serviceName: string, body: string, reading: Reading = {}): Pin {
  return decode(serviceName, body, 'a pin', (json) => readPin(serviceName, json, reading))
}

/**
 * Encodes the body of `POST /pins` and `POST /pins/{requestid}`. It has no other fields than the specification's four,
 * since some services reject more.
 */
export function encodeNewPin(pin: NewPin): Record<string, unknown> {
  const { cid, name, origins, meta: ownMeta, writeId, ...others } = pin
  nothingLeft(others)
  const meta = { ...ownMeta, ...(writeId !== undefined && { [OPERATION_META_KEY]: writeId }) }
  return {
    cid: cid.text,
    ...(name === null ? {} : { name }),
    ...(origins.length === 0 ? {} : { origins }),
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
  }
}

function readPage(
  serviceName: string,
  count: number | null,
  records: readonly unknown[],
  reading: Reading,
): SharedPage {
  const pins: Pin[] = []
  let odd: { readonly index: number; readonly mismatch: Mismatch }[] | undefined
  for (let index = 0; index < records.length; index++) {
    try {
      pins.push(readPin(serviceName, records[index], reading))
    } catch (mismatch) {
      if (!(mismatch instanceof Mismatch)) throw mismatch
      odd ??= []
      odd.push({ index, mismatch })
    }
  }
  if (odd === undefined) return new SharedPage(count, pins)
  const [first] = odd
  if (first && pins.length === 0 && !records.some(isLikePin)) throw first.mismatch.below(`results.${first.index}`)
  return new SharedPage(
    count,
    pins,
    odd.map(({ index, mismatch }) => describeLeftOut(records[index], mismatch)),
  )
}

/** Returns whether a record has any part that records of other APIs do not have. */
function isLikePin(record: unknown): boolean {
  const { requestid, requestId, pin } = partsOf(record)
  return requestid !== undefined || requestId !== undefined || pin !== undefined
}

function describeLeftOut(record: unknown, { path, message }: Mismatch): LeftOut {
  const wire = partsOf(record)
  const { cid } = partsOf(wire.pin)
  let cidKey: string | null = null
  try {
    cidKey = parseCid(String(cid)).key
  } catch {}
  const id = wire.requestid ?? wire.requestId
  return { key: JSON.stringify(id ?? record), cidKey, reason: path === '' ? message : `${path}: ${message}` }
}

function partsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

// Written by hand instead of as a schema, since it runs for every pin of every list.
function readPin(serviceName: string, json: unknown, { namesPinsByCid = false }: Reading): Pin {
  const wire = readObject(json, '')
  const requestId = readRequestId(wire)
  const statusText = readText(wire.status, 'status')
  const knownStatus = readStatus(statusText)
  const created = readCreated(wire.created)
  const pin = readObject(wire.pin, 'pin')
  const cid = readCid(pin.cid)
  const name = typeof pin.name === 'string' ? pin.name : ''
  const meta = readMap(pin.meta)
  const read: Pin = {
    service: serviceName,
    requestId,
    status: knownStatus ?? 'queued',
    cid,
    name: (namesPinsByCid && name === cid.text) || name === '' ? null : name,
    created,
    origins: readTexts(pin.origins),
    meta,
    delegates: readTexts(wire.delegates),
    info: readMap(wire.info),
  }
  return knownStatus === undefined ? { ...withWriteId(read), unknownStatus: statusText } : withWriteId(read)
}

/** Moves pinql's own entry of `meta` out of what clients see. */
function withWriteId(pin: Pin): Pin {
  if (pin.meta[OPERATION_META_KEY] === undefined) return pin
  const { [OPERATION_META_KEY]: writeId, ...shown } = pin.meta
  return { ...pin, meta: shown, writeId }
}

/**
 * Reads the request id. Some services send a number, or spell the key `requestId`. An integer too large for JavaScript to
 * hold exactly is rejected.
 */
function readRequestId({ requestid, requestId }: Readonly<Record<string, unknown>>): string {
  const id = requestid === undefined ? requestId : requestid
  if ((typeof id === 'string' && id !== '') || Number.isSafeInteger(id)) return String(id)
  throw new Mismatch('expected a requestid', { path: 'requestid' })
}

function readStatus(text: string): PinStatus | undefined {
  // Most services use exactly the specification's words.
  return STATUSES.get(text) ?? STATUSES.get(text.toLowerCase().replace(/[^a-z]/g, ''))
}

function readCreated(value: unknown): Instant {
  const text = readText(value, 'created')
  try {
    return parseInstant(text)
  } catch (cause) {
    throw new Mismatch('expected an RFC 3339 timestamp', { path: 'created', cause })
  }
}

function readCid(value: unknown): Cid {
  const text = readText(value, 'pin.cid')
  try {
    return parseCid(text)
  } catch (cause) {
    throw new Mismatch(cause instanceof Error ? cause.message : String(cause), { path: 'pin.cid', cause })
  }
}

function readTexts(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.every(isText) ? value : value.filter(isText)
}

/**
 * Shows values that are not text as JSON, so that nothing from the service is lost. Entries whose value is null are
 * dropped.
 */
function readMap(value: unknown): StringMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  if (Object.values(value).every(isText)) return value as StringMap
  const entries = Object.entries(value).filter(([, each]) => each !== null)
  return Object.fromEntries(entries.map(([key, each]) => [key, typeof each === 'string' ? each : JSON.stringify(each)]))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function decode<Value>(serviceName: string, body: string, what: string, read: (json: unknown) => Value): Value {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (cause) {
    const came = body.trimStart().startsWith('<') ? 'an HTML page: check its endpoint' : 'something that is not JSON'
    const message = `${serviceName} was expected to answer with ${what}, but answered with ${came}`
    throw new MalformedResponseError(message, { service: serviceName, cause })
  }
  try {
    return read(json)
  } catch (cause) {
    if (!(cause instanceof Mismatch)) throw cause
    const where = cause.path || 'the answer'
    const message = `${serviceName} answered with no valid ${what.slice(2)}: ${where}: ${cause.message}`
    throw new MalformedResponseError(message, { service: serviceName, cause })
  }
}
