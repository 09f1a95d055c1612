import { hash } from 'node:crypto'
import { parseCid } from '../../domain/cid.ts'
import { parseInstant } from '../../domain/instant.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinChanges } from './replacement.ts'
import type { Write } from './write-records.ts'

/** A pin whose CID and time are text. */
type Plain<Value extends NewPin> = {
  readonly [Key in keyof Value]: Key extends 'cid' | 'created' ? string : Value[Key]
}

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

export function encodeWrite({ pin, replaces }: Write): string {
  return JSON.stringify({ pin: { ...pin, cid: pin.cid.text }, replaces })
}

export function decodeWrite(text: string): Write {
  const { pin, replaces } = JSON.parse(text) as { pin: Plain<NewPin>; replaces: Write['replaces'] }
  return { pin: { ...pin, cid: parseCid(pin.cid) }, replaces }
}

export function encodeRecordedPin(pin: Pin): string {
  return JSON.stringify({ ...pin, cid: pin.cid.text, created: pin.created.text })
}

export function decodeRecordedPin(text: string): Pin {
  const pin = JSON.parse(text) as Plain<Pin>
  return { ...pin, cid: parseCid(pin.cid), created: parseInstant(pin.created) }
}
