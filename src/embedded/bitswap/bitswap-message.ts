import { readVarint, varint } from '../dag/varint.ts'

/** Asks for one block, or asks if the peer has it. Or cancels that. */
export interface WantEntry {
  /** The bytes of the CID. */
  readonly cid: Uint8Array
  readonly cancel: boolean
  readonly type: 'block' | 'have'
  readonly sendDontHave: boolean
}

/** A block. `prefix` has the version, codec, hash function and digest length of its CID. */
export interface BlockEntry {
  readonly prefix: Uint8Array
  readonly data: Uint8Array
}

export interface PresenceEntry {
  readonly cid: Uint8Array
  readonly has: boolean
}

/** One message of bitswap 1.2.0. */
export interface BitswapMessage {
  readonly wants: readonly WantEntry[]
  readonly blocks: readonly BlockEntry[]
  readonly presences: readonly PresenceEntry[]
}

/** Most fields of a message, at all depths. Honest peers send some hundred entries of a few fields each. */
const MAX_FIELDS = 65_536

// The protobuf of https://specs.ipfs.tech/bitswap-protocol/. A field's key is its number times 8 plus its wire type.
const VARINT = 0
const BYTES = 2

/** Encodes a message. Never sets `wantlist.full`: each message adds to those sent before. */
export function encodeBitswapMessage({ wants, blocks, presences }: BitswapMessage): Uint8Array {
  const parts: Uint8Array[] = []
  if (wants.length > 0) addBytes(parts, 1, Buffer.concat(wants.flatMap((want) => entry(1, encodeWant(want)))))
  for (const { prefix, data } of blocks) {
    const inner: Uint8Array[] = []
    addBytes(inner, 1, prefix)
    addBytes(inner, 2, data)
    parts.push(varint(3 * 8 + BYTES), varint(inner.reduce((sum, part) => sum + part.length, 0)), ...inner)
  }
  for (const { cid, has } of presences) {
    const inner: Uint8Array[] = []
    addBytes(inner, 1, cid)
    addVarint(inner, 2, has ? 0 : 1)
    addBytes(parts, 4, Buffer.concat(inner))
  }
  return Buffer.concat(parts)
}

/**
 * Decodes a message. Blocks are views of `bytes`, not copies.
 *
 * @throws {RangeError} when the bytes are no protobuf, or have too many fields
 */
export function decodeBitswapMessage(bytes: Uint8Array): BitswapMessage {
  const wants: WantEntry[] = []
  const blocks: BlockEntry[] = []
  const presences: PresenceEntry[] = []
  const room = { fields: MAX_FIELDS }
  for (const field of fieldsOf(bytes, room)) {
    if (field.number === 1) {
      for (const inner of fieldsOf(field.bytes, room)) if (inner.number === 1) wants.push(decodeWant(inner.bytes, room))
    } else if (field.number === 3) {
      const { bytes: parts } = collect(field.bytes, room)
      blocks.push({ prefix: parts[1] ?? EMPTY, data: parts[2] ?? EMPTY })
    } else if (field.number === 4) {
      const { bytes: parts, values } = collect(field.bytes, room)
      presences.push({ cid: parts[1] ?? EMPTY, has: (values[2] ?? 0) === 0 })
    }
  }
  return { wants, blocks, presences }
}

const EMPTY = new Uint8Array(0)

/** Counts down the fields of a message that may still be decoded. */
interface Room {
  fields: number
}

interface Field {
  readonly number: number
  readonly bytes: Uint8Array
  readonly value: number
}

function encodeWant({ cid, cancel, type, sendDontHave }: WantEntry): Uint8Array {
  const parts: Uint8Array[] = []
  addBytes(parts, 1, cid)
  addVarint(parts, 2, 1)
  addVarint(parts, 3, cancel ? 1 : 0)
  addVarint(parts, 4, type === 'have' ? 1 : 0)
  addVarint(parts, 5, sendDontHave ? 1 : 0)
  return Buffer.concat(parts)
}

function decodeWant(bytes: Uint8Array, room: Room): WantEntry {
  const { bytes: parts, values } = collect(bytes, room)
  return {
    cid: parts[1] ?? EMPTY,
    cancel: (values[3] ?? 0) !== 0,
    type: values[4] === 1 ? 'have' : 'block',
    sendDontHave: (values[5] ?? 0) !== 0,
  }
}

function entry(number: number, bytes: Uint8Array): Uint8Array[] {
  return [varint(number * 8 + BYTES), varint(bytes.length), bytes]
}

function addBytes(parts: Uint8Array[], number: number, bytes: Uint8Array): void {
  parts.push(...entry(number, bytes))
}

function addVarint(parts: Uint8Array[], number: number, value: number): void {
  if (value !== 0) parts.push(varint(number * 8 + VARINT), varint(value))
}

/** Decodes a message whose fields are not repeated. Returns the last value of each field. */
function collect(bytes: Uint8Array, room: Room): { bytes: Record<number, Uint8Array>; values: Record<number, number> } {
  const collected = { bytes: {} as Record<number, Uint8Array>, values: {} as Record<number, number> }
  for (const field of fieldsOf(bytes, room)) {
    collected.bytes[field.number] = field.bytes
    collected.values[field.number] = field.value
  }
  return collected
}

function* fieldsOf(bytes: Uint8Array, room: Room): Generator<Field> {
  let offset = 0
  const next = (): number => {
    const read = readVarint(bytes, offset)
    if (!read) throw new RangeError('A message ends within a number')
    offset = read.end
    return read.value
  }
  while (offset < bytes.length) {
    if (room.fields-- === 0) throw new RangeError(`A message has more than ${MAX_FIELDS} fields`)
    const key = next()
    const number = Math.floor(key / 8)
    const type = key % 8
    if (type === VARINT) {
      yield { number, bytes: EMPTY, value: next() }
      continue
    }
    const length = type === BYTES ? next() : FIXED_LENGTHS[type]
    if (length === undefined || length > bytes.length - offset) throw new RangeError('A message ends within a field')
    yield { number, bytes: bytes.subarray(offset, offset + length), value: 0 }
    offset += length
  }
}

const FIXED_LENGTHS: Record<number, number> = { 1: 8, 5: 4 }
