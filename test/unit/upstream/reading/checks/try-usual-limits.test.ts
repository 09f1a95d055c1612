import { describe, expect, it } from 'vitest'
import { tryUsualLimits } from '../../../../../src/upstream/reading/checks/try-usual-limits.ts'

/** Looks for the largest limit up to `most`, and notes the attempts. */
async function search(most: number, above = 10, below = 1000) {
  const tried: number[] = []
  const found = await tryUsualLimits(above, below, async (limit) => {
    tried.push(limit)
    return limit <= most ? limit : null
  })
  return { found, tried }
}

describe('the search for the largest usual limit', () => {
  it.each([
    [24, null],
    [25, 25],
    [60, 50],
    [100, 100],
    [499, 200],
    [999, 500],
  ])('takes three attempts at most where lists may have %i pins', async (most, expected) => {
    const { found, tried } = await search(most)
    expect(found).toBe(expected)
    expect(tried.length).toBeLessThanOrEqual(3)
  })

  it('tries only limits between the two that are known', async () => {
    expect(await search(1000, 50, 200)).toEqual({ found: 100, tried: [100] })
    expect(await search(1000, 100, 200)).toEqual({ found: null, tried: [] })
  })
})
