import { createHash } from 'node:crypto'
import { parseCid } from '../../domain/cid.ts'
import { parseInstant } from '../../domain/instant.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Write } from './write-records.ts'

/** A pin with its CID and its time as text. */
type Plain<Value extends NewPin> = {
  readonly [Key in keyof Value]: Key extends 'cid' | 'created' ? string : Value[Key]
}

/** Equal for writes that ask for the same: the order of `meta` does not matter, that of origins does. */
export function fingerprintOf({ pin, replaces }: Write): string {
  const { cid, name, origins, meta } = pin
  const entries = Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify([cid.text, name, origins, entries, replaces?.requestId ?? null])
  return createHash('sha256').update(text).digest('base64url')
}

export function encodeWrite({ pin, replaces }: Write): string {
  return JSON.stringify({ pin: { ...pin, cid: pin.cid.text }, replaces })
}

export function decodeWrite(text: string): Write {
  const { pin, replaces } = JSON.parse(text) as { pin: Plain<NewPin>; replaces: Write['replaces'] }
  return { pin: { ...pin, cid: parseCid(pin.cid) }, replaces }
}

export function encodePin(pin: Pin): string {
  return JSON.stringify({ ...pin, cid: pin.cid.text, created: pin.created.text })
}

export function decodePin(text: string): Pin {
  const pin = JSON.parse(text) as Plain<Pin>
  return { ...pin, cid: parseCid(pin.cid), created: parseInstant(pin.created) }
}
