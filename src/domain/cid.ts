import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc, base58flickr } from 'multiformats/bases/base58'
import { base64, base64pad, base64url, base64urlpad } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { BadRequestError } from './errors.ts'

/** A content identifier: the text it came as, and a key that is equal for equal content. */
export interface Cid {
  /** Exactly as given, in its own version and base. */
  readonly text: string
  /** `codec:multihash` in base32; equal for a CIDv0 and the CIDv1 of the same DAG. Compare this. */
  readonly key: string
}

// `CID.parse` alone knows base32, base36 and base58btc only, in lower case.
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
 * Reads a CID of any version, base, codec and hash function.
 *
 * @param text such as `bafy…` or `Qm…`
 * @param argument path to name in the error
 * @throws {BadRequestError} when `text` is not a CID
 * @see https://github.com/multiformats/cid
 */
export function parseCid(text: string, argument = 'cid'): Cid {
  try {
    const isVersion0 = text.startsWith('Qm')
    const cid = isVersion0 ? CID.parse(text) : CID.parse<string, unknown, number, number, 0 | 1>(text, ANY_BASE)
    return { text, key: `${cid.code.toString(36)}:${base32.baseEncode(cid.multihash.bytes)}` }
  } catch (cause) {
    throw BadRequestError.of(argument, 'a CID such as "bafybei…" or "Qm…"', text, cause)
  }
}

/** True when both name the same content, whatever their version and base. */
export function isSameCid(a: Cid, b: Cid): boolean {
  return a.key === b.key
}
