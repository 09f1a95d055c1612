import { parseCid } from '../../domain/cid.ts'
import { MalformedResponseError } from '../../domain/errors.ts'
import { nothingLeft } from '../../domain/nothing-left.ts'
import { type NewPin, PIN_STATUSES, type Pin, WRITE_ID_META_KEY } from '../../domain/pin.ts'
import { parsePartlyReadJson, parseUntrustedJson, printUntrusted } from '../../domain/untrusted-json.ts'
import { giveWay } from '../waiting/give-way.ts'
import { decodePin, type Reading, validIdOf } from './decode-pin.ts'
import { isJson, isWebPage } from './error-from-response.ts'
import { type LeftOut, type PinPage, SharedPage } from './pin-page.ts'
import { Mismatch, readArray, readObject } from './read-json.ts'
import { EmptyAnswerError } from './refusals.ts'

/**
 * Reads the body of `GET /pins`.
 *
 * Optional fields that are null, missing or of another type become empty. Unknown fields are dropped. `created` keeps its
 * text. Only the request id, status, time and CID must be valid. A record with an invalid one is left out, so that one odd
 * record does not hide a whole list.
 *
 * @throws {EmptyAnswerError} when the body may be an empty list in another form
 * @throws {MalformedResponseError} when the body is not a `PinResults`, or when its records have neither request ids nor
 *   pins, as the lists of other APIs, and the endpoint has never listed a valid pin
 * @see Pinning Service API 1.0.0, schema `PinResults`
 */
export function parsePinPage(serviceName: string, body: string, reading: Reading = {}): PinPage {
  const { count, records } = parseRecords(serviceName, body)
  return explained(serviceName, LIST, () => {
    const reader = new PageReader(serviceName, reading)
    for (const record of records) reader.take(record)
    return reader.page(count)
  })
}

/** Reads a body as `parsePinPage` does, and lets others go on meanwhile: a page may have 100,000 records. */
export async function parseLongPinPage(serviceName: string, body: string, reading: Reading = {}): Promise<PinPage> {
  const { count, records } = parseRecords(serviceName, body)
  const reader = new PageReader(serviceName, reading)
  for (let start = 0; start < records.length; start += AT_ONCE) {
    explained(serviceName, LIST, () => {
      for (const record of records.slice(start, start + AT_ONCE)) reader.take(record)
    })
    await giveWay()
  }
  return explained(serviceName, LIST, () => reader.page(count))
}

/**
 * Reads the body of `POST /pins`, `GET /pins/{requestid}` and `POST /pins/{requestid}`.
 *
 * @throws {MalformedResponseError} when the body is not a `PinStatus`
 * @see Pinning Service API 1.0.0, schema `PinStatus`
 */
export function parseReportedPin(serviceName: string, body: string, reading: Reading = {}): Pin {
  return parse(serviceName, body, 'a pin', (json) => decodePin(serviceName, json, reading))
}

/**
 * Encodes the body of `POST /pins` and `POST /pins/{requestid}`. It has no other fields than the specification's four,
 * since some services reject more.
 */
export function encodeNewPin(pin: NewPin): Record<string, unknown> {
  const { cid, name, origins, meta: ownMeta, writeId, ...others } = pin
  nothingLeft(others)
  const meta = { ...ownMeta, ...(writeId !== undefined && { [WRITE_ID_META_KEY]: writeId }) }
  return {
    cid: cid.text,
    ...(name === null ? {} : { name }),
    ...(origins.length === 0 ? {} : { origins }),
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
  }
}

const LIST = 'a list of pins'
/** Records that are read before others may go on. */
const AT_ONCE = 20
/** Most records of one answer, and most of them that may be no valid pins. */
const MAX_RECORDS = 100_000
const MAX_ODD_RECORDS = 10_000

/** Finds the records of a list, and the number of pins that the service counts. */
function parseRecords(
  serviceName: string,
  body: string,
): { readonly count: number | null; readonly records: readonly unknown[] } {
  const form = emptyForm(body)
  if (form !== null) {
    const message = `${serviceName} was expected to answer with ${LIST}, but answered with ${form}`
    throw new EmptyAnswerError(message, { service: serviceName, form })
  }
  return parse(serviceName, body, LIST, (json) => {
    const { count, results } = readObject(json, '')
    // An answer that is made for empty lists alone has the same `count` each time, which says nothing.
    if (isEmptyObject(results)) return { count: null, records: [] }
    // `results` may be null, but it must be present. Other JSON does not mean an account without pins.
    const records = results === null ? [] : readArray(results, 'results')
    if (records.length > MAX_RECORDS)
      throw new Mismatch(`expected at most ${MAX_RECORDS} records, got ${records.length}`, { path: 'results' })
    return { count: Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : null, records }
  })
}

/** Reads the records of a list one by one. */
class PageReader {
  readonly #serviceName: string
  readonly #reading: Reading
  readonly #pins: Pin[] = []
  /** Undefined in the usual case. */
  #odd: { readonly index: number; readonly record: unknown; readonly mismatch: Mismatch }[] | undefined
  #hasPinLike = false
  #count = 0

  constructor(serviceName: string, reading: Reading) {
    this.#serviceName = serviceName
    this.#reading = reading
  }

  /** @throws {Mismatch} for a record that is no valid pin, after too many others */
  take(record: unknown): void {
    const index = this.#count++
    try {
      this.#pins.push(readListed(this.#serviceName, record, this.#reading))
    } catch (mismatch) {
      if (!(mismatch instanceof Mismatch)) throw mismatch
      this.#odd ??= []
      this.#odd.push({ index, record, mismatch })
      this.#hasPinLike ||= isLikePin(record)
      if (this.#odd.length > MAX_ODD_RECORDS) throw mismatch.below(`results.${index}`)
    }
  }

  /**
   * @param count number of pins that the service counts
   * @throws {Mismatch} when no record has any part of a pin, and the endpoint has never listed a valid one
   */
  page(count: number | null): SharedPage {
    if (this.#odd === undefined) return new SharedPage(count, this.#pins)
    const [first] = this.#odd
    if (first && this.#pins.length === 0 && !this.#hasPinLike && !this.#reading.hasListedPins)
      throw first.mismatch.below(`results.${first.index}`)
    const leftOut = this.#odd.map(({ record, mismatch }) => describeLeftOut(record, mismatch))
    return new SharedPage(count, this.#pins, withDifferentKeys(leftOut))
  }
}

/**
 * Reads a record of a list. A record with an unknown status is left out, since no filter by status can tell what it is. An answer
 * about a single pin shows it.
 */
function readListed(serviceName: string, record: unknown, reading: Reading): Pin {
  const pin = decodePin(serviceName, record, reading)
  if (pin.unknownStatus === undefined) return pin
  const got = JSON.stringify(pin.unknownStatus.slice(0, 100))
  throw new Mismatch(`expected ${PIN_STATUSES.join(', ')}, got ${got}`, { path: 'status' })
}

/** Numbers records whose keys are equal, so that each of them counts. */
function withDifferentKeys(leftOut: readonly LeftOut[]): LeftOut[] {
  const times = new Map<string, number>()
  return leftOut.map((record) => {
    const before = times.get(record.key) ?? 0
    times.set(record.key, before + 1)
    return before === 0 ? record : { ...record, key: `${record.key} ${before}` }
  })
}

/** Longest body that may be an empty list without `results`. */
const MAX_EMPTY_FORM = 1_000

/**
 * Returns the form of a body that is no list of pins, but may be how a service writes an empty one; null for any other body. Which
 * of both it is, only other answers show.
 */
function emptyForm(body: string): string | null {
  const text = body.trim()
  if (text === '') return 'no body'
  // The usual list is not parsed twice.
  if (text.length > MAX_EMPTY_FORM || text.includes('"results"') || !isJson(text)) return null
  const json = parseUntrustedJson(text)
  if (Array.isArray(json)) return json.length === 0 ? '[]' : null
  if (isEmptyObject(json)) return '{}'
  const { count, results } = partsOf(json)
  return count === 0 && results === undefined ? 'a count of 0 and no results' : null
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
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
  const id = validIdOf(wire)
  // Without a valid id, the whole text tells records apart.
  return {
    key: id === null ? printRecord(record) : JSON.stringify(id),
    cidKey,
    reason: path === '' ? message : `${path}: ${message}`,
  }
}

/** Returns a record as JSON. Records that are nested too deep are not told apart by it. */
function printRecord(record: unknown): string {
  try {
    return printUntrusted(record)
  } catch {
    return ''
  }
}

function partsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function parse<Value>(serviceName: string, body: string, what: string, read: (json: unknown) => Value): Value {
  let json: unknown
  try {
    json = parsePartlyReadJson(body)
  } catch (cause) {
    const came = isWebPage(body) ? 'an HTML page: check its endpoint' : 'something that is not JSON'
    const message = `${serviceName} was expected to answer with ${what}, but answered with ${came}`
    throw new MalformedResponseError(message, { service: serviceName, cause })
  }
  return explained(serviceName, what, () => read(json))
}

/** Turns a mismatch into the error that says where the answer is wrong. */
function explained<Value>(serviceName: string, what: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Mismatch)) throw cause
    const where = cause.path || 'the answer'
    const message = `${serviceName} answered with no valid ${what.slice(2)}: ${where}: ${cause.message}`
    throw new MalformedResponseError(message, { service: serviceName, cause })
  }
}
