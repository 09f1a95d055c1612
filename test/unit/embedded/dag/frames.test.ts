import fc from 'fast-check'
import { expect, it } from 'vitest'
import { frame, readFrames } from '../../../../src/embedded/dag/frames.ts'
import { countInHeap } from '../../../support/count-in-heap.ts'

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, i = 0; offset < bytes.length; i++) {
    const end = offset + (sizes[i % sizes.length] ?? 1)
    yield bytes.subarray(offset, end)
    offset = end
  }
}

it('finds the same messages, however the stream is cut, and overwrites none of them', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 })), sizes, async (messages, cuts) => {
      const found: Uint8Array[] = []
      for await (const message of readFrames(chunksOf(Buffer.concat(messages.map(frame)), cuts), 300)) {
        found.push(message)
      }
      expect(found.map((each) => [...each])).toEqual(messages.map((each) => [...each]))
    }),
  )
})

it('holds no more than the bytes of an unfinished message, even if they come one by one', async () => {
  const bytes = 200_000
  let longest = 0
  const held = (now: number): void => {
    longest = Math.max(longest, now)
  }
  const start = frame(new Uint8Array(bytes)).subarray(0, bytes - 1)
  const before = countInHeap(Uint8Array)
  let kept = Number.NaN
  async function* counted(): AsyncGenerator<Uint8Array> {
    yield* chunksOf(start, [1])
    kept = countInHeap(Uint8Array) - before
  }
  for await (const _ of readFrames(counted(), bytes, held)) expect.unreachable()
  expect(longest).toBeGreaterThanOrEqual(bytes - 1)
  expect(longest).toBeLessThanOrEqual(bytes + 3)
  // A list of the chunks would keep each of them.
  expect(kept).toBeLessThan(100)
})

it('refuses a message that is too long as soon as its length is read', async () => {
  const read = async (): Promise<void> => {
    for await (const _ of readFrames(chunksOf(Uint8Array.of(0xff, 0xff, 0x7f), [3]), 1_000)) expect.unreachable()
  }
  await expect(read()).rejects.toThrow('A message has 2097151 bytes, more than 1000')
})
