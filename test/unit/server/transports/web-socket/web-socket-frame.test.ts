import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { pingFrame, textFrame } from '../../../../../src/server/transports/web-socket/web-socket-frame.ts'

/** The class by which `ws` itself writes frames. */
const { Sender } = ws as unknown as {
  Sender: { frame(data: Buffer, options: { fin: boolean; opcode: number }): Buffer[] }
}

describe('a frame', () => {
  it('is made as ws makes it, whatever the length', () => {
    const length = fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 65_535, 65_536, 70_000))
    fc.assert(
      fc.property(length, (size) => {
        const data = Buffer.alloc(size, 'data')
        expect(textFrame(data).equals(Buffer.concat(Sender.frame(data, { fin: true, opcode: 1 })))).toBe(true)
      }),
    )
    expect(pingFrame(0xfedcba98)).toEqual(
      Buffer.concat(Sender.frame(Buffer.from('fedcba98', 'hex'), { fin: true, opcode: 9 })),
    )
  })
})
