import { createHash } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

const IDENTITY = 0x00
/** As in Kubo. Longer content in a CID would evade the limits on blocks. */
const MAX_IDENTITY_BYTES = 128

/** Multihash code → name of the function in node:crypto. */
const HASH_FUNCTIONS = new Map([
  [0x12, 'sha256'],
  [0x13, 'sha512'],
  [0x14, 'sha3-512'],
  [0x15, 'sha3-384'],
  [0x16, 'sha3-256'],
  [0x17, 'sha3-224'],
  [0x20, 'sha384'],
  [0xb240, 'blake2b512'],
])

/** Returns the bytes that an identity CID contains, or null for any other CID. */
export function inlineBlock(cid: CID): Uint8Array | null {
  return cid.multihash.code === IDENTITY ? cid.multihash.digest : null
}

/** Describes why blocks of this CID cannot be verified. Returns null when they can. */
export function unverifiable(cid: CID): string | null {
  const { code, size } = cid.multihash
  if (code === IDENTITY) {
    return size <= MAX_IDENTITY_BYTES
      ? null
      : `it holds ${size} bytes in itself, of ${MAX_IDENTITY_BYTES} bytes at most`
  }
  const name = HASH_FUNCTIONS.get(code)
  if (!name) return `its hash function 0x${code.toString(16)} is not supported`
  const expected = createHash(name).digest().length
  return size === expected ? null : `its ${name} digest has ${size} bytes where ${expected} were expected`
}

/**
 * Hashes bytes by the function of that code. Returns the multihash, or null for a function that is not supported.
 *
 * The identity function is not supported: its digest is the data itself, so it would prove nothing about a block.
 */
export function multihashOf(code: number, bytes: Uint8Array): Uint8Array | null {
  const name = HASH_FUNCTIONS.get(code)
  return name ? createDigest(code, createHash(name).update(bytes).digest()).bytes : null
}

/** True when the bytes have the hash that the CID names. */
export function isBlockOf(cid: CID, bytes: Uint8Array): boolean {
  const multihash = multihashOf(cid.multihash.code, bytes)
  return multihash !== null && Buffer.from(cid.multihash.bytes).equals(multihash)
}
