import type { Pin, StringMap } from './pin.ts'

/**
 * Bytes of a pin without its texts but with its places in two maps, of a text without its characters, and of an entry of a map
 * without its texts.
 */
const BYTES_PER_PIN = 550
const BYTES_PER_TEXT = 24
const BYTES_PER_ENTRY = 32

/**
 * Estimates the memory that a pin takes, in bytes. A usual pin takes about 1 kB.
 *
 * Characters count as one byte, as V8 keeps those of Western Europe and of all encodings of CIDs, and others take two.
 */
export function pinBytesOf({ requestId, cid, name, origins, delegates, meta, info, unknownStatus }: Pin): number {
  return (
    BYTES_PER_PIN +
    requestId.length +
    // Its key may not be known yet, and to compute it takes much time. It is no longer than the text.
    2 * cid.text.length +
    (name?.length ?? 0) +
    (unknownStatus?.length ?? 0) +
    bytesOfList(origins) +
    bytesOfList(delegates) +
    bytesOfMap(meta) +
    bytesOfMap(info)
  )
}

function bytesOfList(texts: readonly string[]): number {
  let bytes = 0
  for (const text of texts) bytes += BYTES_PER_TEXT + text.length
  return bytes
}

function bytesOfMap(map: StringMap): number {
  let bytes = 0
  for (const key in map) bytes += BYTES_PER_ENTRY + key.length + (map[key]?.length ?? 0)
  return bytes
}
