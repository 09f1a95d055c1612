/** Encodes a number as unsigned LEB128, as protobuf and multiformats have it. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

/**
 * Decodes the number at an offset.
 *
 * @returns the number and the offset behind it, or null when the bytes end within the number
 * @throws {RangeError} for a number above 2^53
 */
export function readVarint(bytes: Uint8Array, offset: number): { value: number; end: number } | null {
  let value = 0
  let unit = 1
  for (let end = offset; end < bytes.length; unit *= 128) {
    const byte = bytes[end++] as number
    value += (byte % 128) * unit
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('A number is too large')
    if (byte < 128) return { value, end }
  }
  return null
}
