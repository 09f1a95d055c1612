import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { linksOf } from '../../../../src/embedded/dag/block-links.ts'

const MIB = 1024 ** 2

function cidOf(n: number, code = 0x55): CID {
  const digest = Buffer.alloc(32)
  digest.writeUInt32BE(n)
  return CID.createV1(code, createDigest(0x12, digest))
}

const cids = fc.oneof(
  fc.tuple(fc.nat(), fc.constantFrom(0x55, 0x70, 0x71, 0xb240)).map(([n, code]) => cidOf(n, code)),
  fc.nat().map((n) => cidOf(n, 0x70).toV0()),
)
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    cids,
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '/' && key !== '__proto__'),
      tie('value'),
    ),
  ),
})).value

/** Finds the CIDs of a decoded value in the plainest way. */
function cidsIn(value: unknown): CID[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  const cid = CID.asCID(value)
  return cid ? [cid] : Object.values(value).flatMap(cidsIn)
}

const textsOf = (links: readonly (CID | Uint8Array)[]): string[] =>
  links.map((link) => (link instanceof Uint8Array ? CID.decode(link) : link).toString()).sort()

describe('linksOf', () => {
  it.each([
    ['dag-cbor', dagCbor],
    ['dag-json', dagJson],
  ])('finds the CIDs that the codec finds: %s', (_, codec) => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = codec.encode(value)
        expect(textsOf(linksOf(cidOf(0, codec.code), bytes))).toEqual(textsOf(cidsIn(codec.decode(bytes))))
      }),
    )
  })

  it('finds the CIDs that the codec finds: dag-pb', () => {
    const link = fc.record({ Hash: cids, Name: fc.string(), Tsize: fc.nat() })
    fc.assert(
      fc.property(fc.array(link), fc.option(fc.uint8Array()), (Links, Data) => {
        const bytes = dagPb.encode(dagPb.prepare({ Links, ...(Data && { Data }) }))
        const found = dagPb.decode(bytes).Links.map(({ Hash }) => Hash)
        expect(textsOf(linksOf(cidOf(0, dagPb.code), bytes))).toEqual(textsOf(found))
      }),
    )
  })

  it('refuses any bytes, and every prefix of a block, with an error about the block', () => {
    const block = dagCbor.encode([{ a: cidOf(1) }, 'text', 7_000_000_000])
    for (let length = 0; length < block.length; length++) {
      expect(() => linksOf(cidOf(0, dagCbor.code), block.subarray(0, length))).toThrow(/is not what its codec says/)
    }
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(0x70, 0x71, 0x0129), (bytes, code) => {
        try {
          linksOf(cidOf(0, code), bytes)
        } catch (error) {
          expect(error).toMatchObject({ name: 'DagError' })
        }
      }),
    )
  })

  it('refuses more links than blocks of 2 MiB have room for', () => {
    // Each link of 9 bytes has a CID that holds two bytes in itself.
    const link = (i: number): number[] => [0x12, 8, 0x0a, 6, 0x01, 0x55, 0x00, 0x02, i >> 8, i & 255]
    const few = Uint8Array.from(Array.from({ length: 65_536 }, (_, i) => link(i)).flat())
    expect(linksOf(cidOf(0, dagPb.code), few)).toHaveLength(65_536)
    expect(() => linksOf(cidOf(0, dagPb.code), Buffer.concat([few, Uint8Array.from(link(0))]))).toThrow(
      'it has more than 65536 links',
    )
  })

  it.each([
    [
      'lists in a list',
      dagCbor.code,
      Buffer.concat([Uint8Array.of(0x9a, 0, 0x1f, 0xff, 0xfb), Buffer.alloc(2 * MIB - 5, 0x80)]),
    ],
    [
      'maps in a list',
      dagCbor.code,
      Buffer.concat([Uint8Array.of(0x9a, 0, 0x1f, 0xff, 0xfb), Buffer.alloc(2 * MIB - 5, 0xa0)]),
    ],
    ['JSON lists in a list', dagJson.code, Buffer.from(`[${'[],'.repeat(699_000)}[]]`)],
  ])('makes few objects of a block of 2 MiB: %s', (_, code, bytes) => {
    const { heapUsed } = process.memoryUsage()
    expect(linksOf(cidOf(0, code), bytes)).toEqual([])
    expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(64 * MIB)
  })

  it.each([
    ['CBOR', dagCbor.code, Buffer.alloc(MIB, 0x81), 'nested deeper'],
    ['JSON', dagJson.code, Buffer.from(`${'['.repeat(MIB)}${']'.repeat(MIB)}`), null],
    ['a long CID in JSON', dagJson.code, Buffer.from(`{"/":"b${'a'.repeat(MIB)}"}`), 'too long'],
  ])(
    'ends soon for a block that is nested a million deep, or has a CID of a million characters: %s',
    (_, code, bytes, error) => {
      const links = () => linksOf(cidOf(0, code), bytes)
      if (error) expect(links).toThrow(error)
      else expect(links()).toEqual([])
    },
  )
})
