import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc, base58flickr } from 'multiformats/bases/base58'
import { base64, base64pad, base64url, base64urlpad } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { BadRequestError } from './errors.ts'

const DAG_PB = 0x70
const SHA2_256 = 0x12
/**
 * Longest text that is read as a CID. To decode base58 and base36 takes time that grows with the square of the length: 200,000
 * characters take 40 seconds. A CID of the longest hash in use, of 64 bytes, has 144 characters in base16.
 */
const MAX_CID_LENGTH = 512
/**
 * The same for these two bases, in which a text of 512 characters takes a millisecond. A CID of a hash of 64 bytes has 105 characters in
 * base36, and one with 128 bytes of content of its own has 206.
 */
const MAX_SLOW_LENGTH = 210
/** The first letters of base58, of base36, and of a CID of version 0, which is in base58. */
const SLOW = /^[zZkKQ]/

/** A content identifier: its text as given, and a key that is equal for equal content. */
export interface Cid {
  /** Exactly as given, in its own version and base. */
  readonly text: string
  /** `codec:multihash` in base32. Compare keys: they are equal for a CIDv0 and the CIDv1 of the same DAG. */
  readonly key: string
}

const ANY_BASE = base32.decoder
  .or(base58btc.decoder)
  .or(base58flickr.decoder)
  .or(base16.decoder)
  .or(base16upper.decoder)
  .or(base32upper.decoder)
  .or(base36.decoder)
  .or(base36upper.decoder)
  .or(base64.decoder)
  .or(base64pad.decoder)
  .or(base64url.decoder)
  .or(base64urlpad.decoder)

/**
 * The usual CID: SHA2-256 of dag-pb, raw or dag-cbor, as CIDv1 in base32. Every text that matches is a CID.
 *
 * The first seven letters are base, version, codec, hash function and length. `[a-h]` begins with the last two bits of the
 * length, which are zero. The last letter has two bits more than the digest, and they must be zero.
 */
const USUAL = /^baf(?:ybei|krei|yrei)[a-h][a-z2-7]{50}[aeimquy4]$/

/**
 * Reads a CID of any version, base, codec and hash function.
 *
 * @param text such as `bafy…` or `Qm…`
 * @param argument path of the argument, for the error
 * @throws {BadRequestError} when `text` is not a CID, or has more than 512 characters, or 210 in base58 or base36
 * @see https://github.com/multiformats/cid
 */
export function parseCid(text: string, argument = 'cid'): Cid {
  if (USUAL.test(text)) return new UsualCid(text)
  const most = SLOW.test(text) ? MAX_SLOW_LENGTH : MAX_CID_LENGTH
  if (text.length > most) throw BadRequestError.of(argument, `a CID of at most ${most} characters`, text)
  try {
    return { text, key: keyOf(text) }
  } catch (cause) {
    throw BadRequestError.of(argument, 'a CID such as "bafybei…" or "Qm…"', text, cause)
  }
}

/**
 * Returns the texts under which a service that compares text may know a CID: as given, as the usual CIDv1 and, where one exists,
 * as CIDv0.
 */
export function cidTexts(cid: Cid): string[] {
  const parsed = CID.decode(bytesOf(cid.text))
  const version1 = parsed.toV1().toString()
  const hasVersion0 = parsed.code === DAG_PB && parsed.multihash.code === SHA2_256 && parsed.multihash.size === 32
  return [...new Set([cid.text, version1, ...(hasVersion0 ? [parsed.toV0().toString()] : [])])]
}

/** True when both CIDs name the same content. Their version and base may differ. */
export function isSameCid(a: Cid, b: Cid): boolean {
  // Most CIDs that are compared have equal texts, and a key costs more than anything else that a change does with a CID.
  return a.text === b.text || a.key === b.key
}

/**
 * A CID that was checked but not decoded. A list has up to a thousand CIDs, and most of them are only shown.
 *
 * The key is computed when it is first read. A getter as an own property would double the cost of a CID, so this is a class.
 */
class UsualCid implements Cid {
  readonly text: string
  #key: string | undefined

  constructor(text: string) {
    this.text = text
  }

  get key(): string {
    this.#key ??= keyOf(this.text)
    return this.#key
  }
}

/** Computes the key of a CID. Throws for a text that is not a CID. */
function keyOf(text: string): string {
  const { codec, multihash } = inspect(text)
  return `${codec.toString(36)}:${base32.baseEncode(multihash)}`
}

/** Accepts and refuses the same texts as `CID.parse`, for less than half the cost. */
function inspect(text: string): { codec: number; multihash: Uint8Array } {
  const bytes = bytesOf(text)
  const { version, codec, size, multihashSize } = CID.inspectBytes(bytes)
  if (size !== bytes.length) throw new Error('Wrong length')
  if (version === 0 && !text.startsWith('Q')) throw new Error('A CID of version 0 has no prefix for its base')
  if (!Number.isSafeInteger(codec)) throw new Error('A codec that JavaScript rounds')
  return { codec, multihash: bytes.subarray(size - multihashSize) }
}

function bytesOf(text: string): Uint8Array {
  // A CID of version 0 is always in base58btc, and lacks that base's prefix.
  return text.startsWith('Q') ? base58btc.decode(`z${text}`) : ANY_BASE.decode(text)
}
