import { type Cid, parseCid } from '../../domain/cid.ts'
import { type Instant, parseInstant } from '../../domain/instant.ts'
import { type Pin, type PinStatus, type StringMap, WRITE_ID_META_KEY } from '../../domain/pin.ts'
import { Mismatch, readObject, readText } from './read-json.ts'

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
 * Decodes a pin of an answer. Written by hand instead of as a schema, since it runs for every pin of every list.
 *
 * @throws {Mismatch} when it is not a `PinStatus`
 */
export function decodePin(serviceName: string, json: unknown, { namesPinsByCid = false }: Reading): Pin {
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
  if (pin.meta[WRITE_ID_META_KEY] === undefined) return pin
  const { [WRITE_ID_META_KEY]: writeId, ...shown } = pin.meta
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
