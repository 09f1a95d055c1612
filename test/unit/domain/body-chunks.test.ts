import { expect, it } from 'vitest'
import { BodyChunks } from '../../../src/domain/body-chunks.ts'

it.each([0, 1, 2, 999, 1_000, 1_001, 2_000, 2_500])('%i chunks are joined in their order', (count) => {
  const chunks = new BodyChunks()
  let text = ''
  for (let n = 0; n < count; n++) {
    chunks.push(Buffer.from(`${n},`))
    text += `${n},`
  }
  expect(chunks.bytes).toBe(text.length)
  expect(chunks.join().toString()).toBe(text)
})

it('a single chunk is not copied', () => {
  const chunks = new BodyChunks()
  const only = Buffer.from('only')
  chunks.push(only)
  expect(chunks.join()).toBe(only)
})

it.each([
  ['4,095 of one byte', 4_095, 1, false],
  ['4,096 of one byte', 4_096, 1, true],
  ['5,000 of 15 bytes', 5_000, 15, true],
  ['5,000 of 16 bytes', 5_000, 16, false],
])('thousands of chunks are tiny if they have less than 16 bytes on average: %s', (_, count, bytes, areTiny) => {
  const chunks = new BodyChunks()
  for (let n = 0; n < count; n++) chunks.push(Buffer.alloc(bytes))
  expect(chunks.areTiny).toBe(areTiny)
})
