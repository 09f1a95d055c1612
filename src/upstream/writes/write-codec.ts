import { createHash } from 'node:crypto'
import { parseCid } from '../../domain/cid.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Write } from './write-records.ts'

/** A pin with its CID as text. */
type Plain<Value extends NewPin> = Omit<Value, 'cid'> & { readonly cid: string }

/** Equal for writes that ask for the same: the order of `meta` does not matter, that of origins does. */
export function fingerprintOf({ pin, replaces }: Write): string {
  const { cid, name, origins, meta } = pin
  const entries = Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify([cid.text, name, origins, entries, replaces?.requestId ?? null])
  return createHash('sha256').update(text).digest('base64url')
}

export function encodeWrite({ pin, replaces }: Write): string {
  return JSON.stringify({ pin: toPlain(pin), replaces })
}

export function decodeWrite(text: string): Write {
  const { pin, replaces } = JSON.parse(text) as { pin: Plain<NewPin>; replaces: Write['replaces'] }
  return { pin: fromPlain(pin), replaces }
}

export function encodePin(pin: Pin): string {
  return JSON.stringify(toPlain(pin))
}

export function decodePin(text: string): Pin {
  return fromPlain(JSON.parse(text) as Plain<Pin>)
}

function toPlain<Value extends NewPin>(pin: Value): Plain<Value> {
  return { ...pin, cid: pin.cid.text }
}

function fromPlain<Value extends NewPin>(plain: Plain<Value>): Value {
  return { ...plain, cid: parseCid(plain.cid) } as unknown as Value
}
