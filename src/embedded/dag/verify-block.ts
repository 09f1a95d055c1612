import { createHash } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

const IDENTITY = 0x00
/** As in Kubo. Longer content in a CID would evade the limits on blocks. */
const MAX_IDENTITY_BYTES = 128

/** No multihash of a block that can be verified is longer: the digest, its length, and the code of the function. */
export const MAX_MULTIHASH_BYTES = MAX_IDENTITY_BYTES + 8

/** Multihash code → name of the function in node:crypto, and bytes of its digests. */
const HASH_FUNCTIONS: ReadonlyMap<number, { readonly name: string; readonly digestBytes: number }> = new Map([
  [0x12, { name: 'sha256', digestBytes: 32 }],
  [0x13, { name: 'sha512', digestBytes: 64 }],
  [0x14, { name: 'sha3-512', digestBytes: 64 }],
  [0x15, { name: 'sha3-384', digestBytes: 48 }],
  [0x16, { name: 'sha3-256', digestBytes: 32 }],
  [0x17, { name: 'sha3-224', digestBytes: 28 }],
  [0x20, { name: 'sha384', digestBytes: 48 }],
  [0xb240, { name: 'blake2b512', digestBytes: 64 }],
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
  const known = HASH_FUNCTIONS.get(code)
  if (!known) return `its hash function 0x${code.toString(16)} is not supported`
  const { name, digestBytes } = known
  return size === digestBytes ? null : `its ${name} digest has ${size} bytes where ${digestBytes} were expected`
}

/**
 * Hashes bytes by the function of that code. Returns the multihash, or null for a function that is not supported.
 *
 * The identity function is not supported: its digest is the data itself, so it would prove nothing about a block.
 */
export function multihashOf(code: number, bytes: Uint8Array): Uint8Array | null {
  const known = HASH_FUNCTIONS.get(code)
  return known ? createDigest(code, createHash(known.name).update(bytes).digest()).bytes : null
}

/** True when the bytes have the hash that the CID names. */
export function isBlockOf(cid: CID, bytes: Uint8Array): boolean {
  const multihash = multihashOf(cid.multihash.code, bytes)
  return multihash !== null && Buffer.from(cid.multihash.bytes).equals(multihash)
}
