import { MalformedResponseError } from '../../domain/errors.ts'
import { nothingLeft } from '../../domain/nothing-left.ts'
import { type NewPin, type Pin, WRITE_ID_META_KEY } from '../../domain/pin.ts'
import { parsePartlyReadJson, parseUntrustedJson } from '../../domain/untrusted-json.ts'
import { giveWay } from '../waiting/give-way.ts'
import { decodePin, type Reading } from './decode-pin.ts'
import { isJson, isWebPage } from './error-from-response.ts'
import { PageReader } from './page-reader.ts'
import type { PinPage } from './pin-page.ts'
import { Mismatch, membersOf, readArray, readObject } from './read-json.ts'
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
/** Most records of one answer. */
const MAX_RECORDS = 100_000

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
  const { count, results } = membersOf(json)
  return count === 0 && results === undefined ? 'a count of 0 and no results' : null
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
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
