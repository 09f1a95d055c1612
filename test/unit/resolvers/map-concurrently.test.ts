import { expect, it } from 'vitest'
import { mapConcurrently } from '../../../src/resolvers/map-concurrently.ts'

it('keeps the order of the items, and no more calls under way than allowed', async () => {
  let running = 0
  let most = 0
  const waiting: (() => void)[] = []
  const mapped = mapConcurrently([1, 2, 3, 4, 5, 6, 7], 3, async (item, index) => {
    most = Math.max(most, ++running)
    // The last to start is the first to finish.
    await new Promise<void>((resolve) => waiting.push(resolve))
    running--
    return item * 10 + index
  })
  while (running > 0) {
    waiting.pop()?.()
    await new Promise(setImmediate)
  }

  expect(await mapped).toEqual([10, 21, 32, 43, 54, 65, 76])
  expect(most).toBe(3)
})

it('returns at once without items', async () => {
  expect(await mapConcurrently([], 3, () => Promise.reject(new Error('not called')))).toEqual([])
})
