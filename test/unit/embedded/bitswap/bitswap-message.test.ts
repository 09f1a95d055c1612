import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type BitswapMessage,
  decodeBitswapMessage,
  encodeBitswapMessage,
} from '../../../../src/embedded/bitswap/bitswap-message.ts'
import { varint } from '../../../../src/embedded/dag/varint.ts'

const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each))
const message: fc.Arbitrary<BitswapMessage> = fc.record({
  wants: fc.array(
    fc.record({
      cid: bytes,
      cancel: fc.boolean(),
      type: fc.constantFrom('block', 'have'),
      sendDontHave: fc.boolean(),
    }),
  ),
  blocks: fc.array(fc.record({ prefix: bytes, data: bytes })),
  presences: fc.array(fc.record({ cid: bytes, has: fc.boolean() })),
})

it('reads what it wrote', () => {
  fc.assert(
    fc.property(message, (given) => {
      const read = decodeBitswapMessage(encodeBitswapMessage(given))
      expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(given)))
    }),
  )
})

it('gives up on a message of many small fields, at whatever depth', () => {
  const field = (number: number, inner: Uint8Array): Uint8Array =>
    Buffer.concat([varint(number * 8 + 2), varint(inner.length), inner])
  const many = Buffer.alloc(200_000, field(1, new Uint8Array(0)))
  for (const hostile of [many, field(1, many), field(1, field(1, many)), field(3, many), field(4, many)]) {
    expect(() => decodeBitswapMessage(hostile)).toThrow('more than 65536 fields')
  }
})
