import * as dagCbor from '@ipld/dag-cbor'
import { expect, it } from 'vitest'
import { carSection } from '../../../../src/embedded/dag/car.ts'
import { readCarBlocks } from '../../../../src/embedded/dag/car-blocks.ts'
import { frame } from '../../../../src/embedded/dag/frames.ts'
import { rawBlock } from '../../../support/embedded/start-gateway.ts'

const V2 = Buffer.concat([Buffer.from('0aa16776657273696f6e02', 'hex'), Buffer.alloc(16)])

/** Reads a file that comes in pieces of `pieceBytes`. Returns the texts of its blocks, and the bytes of its odd sections. */
async function read(file: Uint8Array, pieceBytes: number) {
  const texts: string[] = []
  const odd: number[] = []
  async function* pieces() {
    for (let i = 0; i < file.length; i += pieceBytes) yield file.subarray(i, i + pieceBytes)
  }
  const options = { maxBlockBytes: 100, onOdd: (bytes: number) => void odd.push(bytes) }
  for await (const { bytes } of readCarBlocks(pieces(), options)) texts.push(Buffer.from(bytes).toString())
  return { texts, odd }
}

it.each([1, 2, 7, 30, 61, 1_000, 10_000])('reads files that come in pieces of %i bytes', async (pieceBytes) => {
  const blocks = await Promise.all(['one', 'two'].map((text) => rawBlock(Buffer.from(text))))
  const [one = new Uint8Array(), two = new Uint8Array()] = blocks.map(({ cid, bytes }) => carSection(cid, bytes))
  const header = frame(dagCbor.encode({ roots: [], version: 1 }))
  const data = Buffer.concat([header, one, frame(Buffer.alloc(3_000)), Buffer.alloc(1), two])
  const expected = { texts: ['one', 'two'], odd: [3_000, 0] }
  expect(await read(data, pieceBytes)).toEqual(expected)

  const places = Buffer.alloc(24)
  places.writeBigUInt64LE(60n, 0)
  places.writeBigUInt64LE(BigInt(data.length), 8)
  const v2 = Buffer.concat([V2, places, Buffer.alloc(9), data, Buffer.alloc(99, 1)])
  expect(await read(v2, pieceBytes)).toEqual(expected)
})

it.each([
  ['nothing', ''],
  ['a page', '<!DOCTYPE html><title>Welcome to this gateway</title><p>It has no such content.</p>'],
  ['a page whose first letter is a short length', '\n<p></p>\n\n\n\n'],
  ['a block', `\u00ff\u00ff\u00ff${'x'.repeat(5_000)}`],
  ['the start of a CARv2 file', V2.toString('latin1')],
])('takes %s for no CAR', async (_, text) => {
  await expect(read(Buffer.from(text, 'latin1'), 1_000)).rejects.toThrow('it sent no CAR')
})
