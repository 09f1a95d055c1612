import fc from 'fast-check'
import { base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { isSameCid, parseCid } from '../../../src/domain/cid.ts'
import { BadRequestError } from '../../../src/domain/errors.ts'

const version0 = 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'
const anyCid = fc
  .tuple(
    fc.constantFrom(0x55, 0x70, 0x71, 0x0129),
    fc.constantFrom(0x12, 0x13, 0x1e, 0x00),
    fc.uint8Array({ maxLength: 64 }),
  )
  .map(([codec, hash, digest]) => CID.createV1(codec, Digest.create(hash, digest)))
const anyVersion0 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((digest) => CID.createV0(Digest.create(0x12, digest)))

/** SHA2-256 as CIDv1 in base32: with the three codecs that are read quickly, and one that is not. */
const usualText = fc
  .tuple(fc.constantFrom(0x55, 0x70, 0x71, 0x72), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([codec, digest]) => CID.createV1(codec, Digest.create(0x12, digest)).toString())
const BASE32 = [...'abcdefghijklmnopqrstuvwxyz234567']

describe('parseCid', () => {
  it('reads every base and finds the same content behind each, and keeps the text as given', () => {
    fc.assert(
      fc.property(
        anyCid,
        fc.constantFrom(base32, base32upper, base16upper, base36, base58btc, base64url),
        (cid, base) => {
          const text = cid.toString(base as typeof base32)
          const parsed = parseCid(text)
          expect(parsed.text).toBe(text)
          expect(isSameCid(parsed, parseCid(cid.toString()))).toBe(true)
        },
      ),
    )
  })

  it('distinguishes contents by codec and by hash', () => {
    fc.assert(
      fc.property(anyCid, anyCid, (a, b) => {
        expect(isSameCid(parseCid(a.toString()), parseCid(b.toString()))).toBe(a.equals(b))
      }),
    )
  })

  it('takes and refuses the same bytes as `CID.parse`, and finds the same in them', () => {
    // Mostly right, so that a wrong byte stands anywhere; a long varint is a codec that no number holds.
    const bytes = fc
      .tuple(
        fc.oneof(anyCid, anyVersion0),
        fc.nat(80),
        fc.oneof(
          fc.constant([]),
          fc.uint8Array({ maxLength: 9 }).map((more) => [...more]),
        ),
      )
      .map(([cid, at, more]) => Uint8Array.from([...cid.bytes.subarray(0, at), ...more, ...cid.bytes.subarray(at)]))
    fc.assert(
      fc.property(bytes, fc.constantFrom(base32, base58btc, null), (each, base) => {
        const text = base === null ? base58btc.encode(each).slice(1) : base.encode(each)
        fc.pre(base !== null || text.startsWith('Q'))
        // Apart from `attempt`: what is taken must have a key.
        const ours = attempt(() => parseCid(text))?.key ?? null
        const theirs = attempt(() => CID.parse(text, base32.decoder.or(base58btc.decoder) as never))
        expect(ours).toBe(theirs && `${theirs.code.toString(36)}:${base32.baseEncode(theirs.multihash.bytes)}`)
      }),
      { numRuns: 1000 },
    )
  })

  it('takes, refuses and finds in a text that is almost the usual one what `CID.parse` does', () => {
    // Every letter may differ, and above all the last, which must end in two zero bits.
    const at = fc.oneof(fc.constant(58), fc.integer({ min: 1, max: 59 }))
    const letter = fc.oneof(fc.constantFrom(...BASE32), fc.constantFrom('', 'A', '1', '=', '\n', 'é', 'aa'))
    fc.assert(
      fc.property(usualText, at, letter, (usual, index, other) => {
        const text = usual.slice(0, index) + other + usual.slice(index + 1)
        // Apart from `attempt`: what is taken must have a key.
        const ours = attempt(() => parseCid(text))?.key ?? null
        const theirs = attempt(() => CID.parse(text))
        expect(ours).toBe(theirs && `${theirs.code.toString(36)}:${base32.baseEncode(theirs.multihash.bytes)}`)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes a CIDv0 and the CIDv1 of the same DAG as equal', () => {
    expect(isSameCid(parseCid(version0), parseCid(CID.parse(version0).toV1().toString()))).toBe(true)
  })

  it.each(['', 'hello', 'Qm', version0.slice(0, -1), `${version0}x`, 'bafy', '/ipfs/bafkqaaa', 'ipfs://bafkqaaa'])(
    'refuses %j and says what was expected and what came',
    (text) => {
      expect(() => parseCid(text, 'input.cid')).toThrow(
        expect.objectContaining({
          name: 'BadRequestError',
          argument: 'input.cid',
          expected: 'a CID such as "bafybei…" or "Qm…"',
          received: JSON.stringify(text),
        }),
      )
    },
  )

  it('never throws anything else, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseCid(text)
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequestError)
        }
      }),
    )
  })
})

function attempt<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch {
    return null
  }
}
