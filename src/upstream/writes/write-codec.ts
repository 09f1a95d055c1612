import { hash } from 'node:crypto'
import { parseCid } from '../../domain/cid.ts'
import { parseInstant } from '../../domain/instant.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinChanges } from './replacement.ts'
import type { ReplacedPin, Write } from './write-records.ts'

/** A pin as records have it: its CID and time are text, and the id of its write has an older name. */
type Plain<Value extends NewPin> = {
  readonly [Key in keyof Value as Key extends 'writeId' ? 'operationId' : Key]: Key extends 'cid' | 'created'
    ? string
    : Value[Key]
}
/** A replaced pin as records have it. */
type PlainReplaced = Omit<ReplacedPin, 'was'> & { readonly was?: Pick<Plain<NewPin>, 'name' | 'meta' | 'operationId'> }

/**
 * Returns a text that is equal for writes with equal input. The order of `meta` does not matter, and the order of origins
 * does.
 *
 * It depends on the input alone, and not on the old pin that a replacement keeps parts of. A retry after a success would
 * not find that pin any more.
 *
 * @param input the given parts; undefined for a part that stays unchanged
 * @param replaced request id of the pin to replace; null for an add
 */
export function fingerprintOf(input: PinChanges, replaced: string | null): string {
  const { cid, name, origins, meta } = input
  const entries = meta && Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1))
  const given = { cid: cid?.text, name, origins, meta: entries } satisfies Record<keyof PinChanges, unknown>
  // JSON has no undefined. So each part becomes a list, which distinguishes "set to null" from "not given".
  const parts = Object.values(given).map((part) => (part === undefined ? [] : [part]))
  return hash('sha256', JSON.stringify([parts, replaced]), 'base64url')
}

/** Encodes a write as JSON for its record. CIDs become text. */
export function encodeWrite({ pin, replaces }: Write): string {
  return JSON.stringify({ pin: { ...pin, cid: pin.cid.text }, replaces: replaces && encodeReplaced(replaces) })
}

/** Decodes what {@link encodeWrite} made. The text comes from pinql's own database, so its form is not checked. */
export function decodeWrite(text: string): Write {
  const { pin, replaces } = JSON.parse(text) as { pin: Plain<NewPin>; replaces: PlainReplaced | null }
  return { pin: { ...pin, cid: parseCid(pin.cid) }, replaces: replaces && decodeReplaced(replaces) }
}

function encodeReplaced({ requestId, cid, was }: ReplacedPin): PlainReplaced {
  return was
    ? { requestId, cid, was: { name: was.name, meta: was.meta, operationId: was.writeId } }
    : { requestId, cid }
}

function decodeReplaced({ requestId, cid, was }: PlainReplaced): ReplacedPin {
  return was
    ? { requestId, cid, was: { name: was.name, meta: was.meta, writeId: was.operationId } }
    : { requestId, cid }
}

/** Encodes the result of a write as JSON for its record. CID and time become text. */
export function encodeRecordedPin(pin: Pin): string {
  const { service, requestId, status, cid, name, created, origins, meta, delegates, info } = pin
  // Written out, since V8 takes twice as long for a copy with another set of keys.
  return JSON.stringify({
    service,
    requestId,
    status,
    cid: cid.text,
    name,
    created: created.text,
    origins,
    meta,
    delegates,
    info,
    operationId: pin.writeId,
    unknownStatus: pin.unknownStatus,
  } satisfies Record<keyof Plain<Pin>, unknown>)
}

/** Decodes what {@link encodeRecordedPin} made. The text comes from pinql's own database, so its form is not checked. */
export function decodeRecordedPin(text: string): Pin {
  const { operationId: writeId, ...pin } = JSON.parse(text) as Plain<Pin>
  return { ...pin, cid: parseCid(pin.cid), created: parseInstant(pin.created), writeId }
}
