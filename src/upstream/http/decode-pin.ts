import { type Cid, parseCid } from '../../domain/cid.ts'
import { type Instant, parseInstant } from '../../domain/instant.ts'
import { type Pin, type PinStatus, type StringMap, WRITE_ID_META_KEY } from '../../domain/pin.ts'
import { formatPinId, MAX_ID_LENGTH } from '../../domain/pin-id.ts'
import { printUntrusted } from '../../domain/untrusted-json.ts'
import type { HideSecrets } from './hide-secrets.ts'
import { Mismatch, readObject, readText } from './read-json.ts'

/** Options for reading a service's pins. */
export interface Reading {
  /** True if a name that equals the pin's CID counts as no name. Default: false. */
  readonly namesPinsByCid?: boolean | undefined
  /** Removes the secrets of the request. Set only for an answer that has one of them, which no honest service repeats. */
  readonly hide?: HideSecrets | undefined
  /** True if the endpoint has listed a valid pin, so that it is no other API's. Default: false. */
  readonly hasListedPins?: boolean | undefined
}

/**
 * Statuses in lower case and letters only, including those that real services send beyond the specification's four:
 * ipfs-cluster, web3.storage and the demo in Ruby. Any other status is read as `queued`, and marked as unknown.
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
  ['pinqueued', 'queued'],
  // The state of ipfs-cluster for a pin that it is about to look at, or that other peers keep.
  ['undefined', 'queued'],
])

/** Characters of a status that are read, and that are shown. */
const MAX_STATUS_LENGTH = 100
/** Entries of `meta` and of `info`: ten times as many as the API allows. */
const MAX_ENTRIES = 10_000
/** Characters of a request id and a CID that always fit into a global id and a cursor, even if each character has three bytes. */
const USUAL_NAMING_LENGTH = 180
/** Characters that the longest time takes in a cursor. */
const LONGEST_TIME = 88

/**
 * Decodes a pin of an answer. Written by hand instead of as a schema, since it runs for every pin of every list.
 *
 * @throws {Mismatch} when it is not a `PinStatus`
 */
export function decodePin(serviceName: string, json: unknown, { namesPinsByCid = false, hide }: Reading): Pin {
  const wire = readObject(json, '')
  const requestId = readRequestId(wire)
  const statusText = readText(wire.status, 'status')
  const knownStatus = readStatus(statusText)
  const created = readCreated(wire.created)
  const wirePin = readObject(wire.pin, 'pin')
  const cid = readCid(wirePin.cid)
  if (requestId.length + cid.text.length > USUAL_NAMING_LENGTH) checkNaming(serviceName, requestId, cid)
  const name = typeof wirePin.name === 'string' ? wirePin.name : ''
  const meta = readMap(wirePin.meta, 'pin.meta')
  const read: Pin = {
    service: serviceName,
    requestId,
    status: knownStatus ?? 'queued',
    cid,
    name: (namesPinsByCid && name === cid.text) || name === '' ? null : name,
    created,
    origins: readTexts(wirePin.origins),
    meta,
    delegates: readTexts(wire.delegates),
    info: readMap(wire.info, 'info'),
  }
  const pin =
    knownStatus === undefined
      ? { ...withWriteId(read), unknownStatus: statusText.slice(0, MAX_STATUS_LENGTH) }
      : withWriteId(read)
  return hide ? withoutSecrets(pin, hide) : pin
}

/**
 * Removes secrets from all texts that clients see.
 *
 * @throws {Mismatch} for a pin whose request id, CID or time has one: they cannot be shown in another form
 */
function withoutSecrets(pin: Pin, hide: HideSecrets): Pin {
  for (const text of [pin.requestId, pin.cid.text, pin.created.text])
    if (hide(text) !== text) throw new Mismatch('expected no secret of the request', { path: 'pin' })
  return {
    ...pin,
    name: pin.name && hide(pin.name),
    origins: pin.origins.map(hide),
    delegates: pin.delegates.map(hide),
    meta: hideInMap(pin.meta, hide),
    info: hideInMap(pin.info, hide),
    ...(pin.unknownStatus === undefined ? {} : { unknownStatus: hide(pin.unknownStatus) }),
  }
}

function hideInMap(map: StringMap, hide: HideSecrets): StringMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [hide(key), hide(value)]))
}

/** @throws {Mismatch} for a pin whose global id would be too long to be read again */
function checkNaming(serviceName: string, requestId: string, cid: Cid): void {
  const id = formatPinId({ service: serviceName, requestId, cid })
  // A cursor has the time in place of the CID, which may be shorter.
  if (id.length + LONGEST_TIME <= MAX_ID_LENGTH) return
  throw new Mismatch('expected a requestid and a CID that are shorter together', { path: 'requestid' })
}

/** Moves pinql's own entry of `meta` out of what clients see. */
function withWriteId(pin: Pin): Pin {
  if (pin.meta[WRITE_ID_META_KEY] === undefined) return pin
  const { [WRITE_ID_META_KEY]: writeId, ...shown } = pin.meta
  return { ...pin, meta: shown, writeId }
}

/**
 * Returns the request id of a record; null without a valid one. Some services send a number, or spell the key `requestId`. An
 * integer too large for JavaScript to hold exactly is not valid.
 */
export function validIdOf({ requestid, requestId }: Readonly<Record<string, unknown>>): string | null {
  const id = requestid === undefined ? requestId : requestid
  return (typeof id === 'string' && id !== '') || Number.isSafeInteger(id) ? String(id) : null
}

function readRequestId(wire: Readonly<Record<string, unknown>>): string {
  const id = validIdOf(wire)
  if (id !== null) return id
  throw new Mismatch('expected a requestid', { path: 'requestid' })
}

function readStatus(text: string): PinStatus | undefined {
  // Most services use exactly the specification's words.
  const known = STATUSES.get(text)
  if (known !== undefined || text.length > MAX_STATUS_LENGTH) return known
  return STATUSES.get(text.toLowerCase().replace(/[^a-z]/g, ''))
}

function readCreated(value: unknown): Instant {
  const text = withColon(readText(value, 'created'))
  try {
    return parseInstant(text)
  } catch (cause) {
    throw new Mismatch('expected an RFC 3339 timestamp', { path: 'created', cause })
  }
}

/** Returns a time with RFC 3339's colon in its offset. Some libraries print `+0000`, as ISO 8601 allows. */
function withColon(text: string): string {
  return text.endsWith('Z') ? text : text.replace(/(\d[+-]\d{2})(\d{2})$/, '$1:$2')
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
function readMap(value: unknown, path: string): StringMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  const values = Object.values(value)
  if (values.length > MAX_ENTRIES)
    throw new Mismatch(`expected at most ${MAX_ENTRIES} entries, got ${values.length}`, { path })
  if (values.every(isText)) return value as StringMap
  const entries = Object.entries(value).filter(([, each]) => each !== null)
  return Object.fromEntries(entries.map(([key, each]) => [key, isText(each) ? each : printEntry(each, path)]))
}

function printEntry(value: unknown, path: string): string {
  try {
    return printUntrusted(value)
  } catch (cause) {
    throw new Mismatch('expected entries that are nested less deep', { path, cause })
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
