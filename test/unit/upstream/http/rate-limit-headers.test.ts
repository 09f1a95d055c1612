import { describe, expect, it } from 'vitest'
import { parseRateLimitHeaders } from '../../../../src/upstream/http/rate-limit-headers.ts'

const WALL_NOW_MS = 1_650_000_000_000

describe('parseRateLimitHeaders', () => {
  it('reads the headers of Pinata, whose reset is in unix seconds', () => {
    const headers = { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': '1650000012' }
    expect(parseRateLimitHeaders(headers, WALL_NOW_MS)).toEqual({ remaining: 4, resetsInMs: 12_000 })
  })

  it('compares the reset with the Date of the same answer, so that a wrong clock does no harm', () => {
    const date = new Date(WALL_NOW_MS - 7_200_000).toUTCString()
    const headers = { date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${1_650_000_000 - 7200 + 3}` }
    expect(parseRateLimitHeaders(headers, WALL_NOW_MS)).toEqual({ remaining: 0, resetsInMs: 3000 })
  })

  it.each([
    ['seconds from now', '12', 12_000],
    ['a fraction of a second', '0.25', 250],
    ['unix milliseconds', `${WALL_NOW_MS + 12_000}`, 12_000],
    ['an instant that is over', '1649999999', 0],
    ['an instant in the far future', '1990000000', 3_600_000],
  ])('takes a reset in %s', (_, reset, resetsInMs) => {
    const headers = { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': reset }
    expect(parseRateLimitHeaders(headers, WALL_NOW_MS)?.resetsInMs).toBe(resetsInMs)
  })

  it('takes the spellings without X and with another hyphen, and a number that names its window', () => {
    const plain = { 'ratelimit-remaining': '7, 7;w=60', 'ratelimit-reset': '9' }
    expect(parseRateLimitHeaders(plain, WALL_NOW_MS)).toEqual({ remaining: 7, resetsInMs: 9000 })
    const hyphen = { 'x-rate-limit-remaining': ['7', '8'], 'x-rate-limit-reset': '9' }
    expect(parseRateLimitHeaders(hyphen, WALL_NOW_MS)).toEqual({ remaining: 7, resetsInMs: 9000 })
  })

  it.each([
    {},
    { 'x-ratelimit-limit': '5' },
    { 'x-ratelimit-remaining': '4' },
    { 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '9' },
    { 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': '9' },
    { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '9 apples' },
  ])('knows nothing from %o', (headers) => {
    expect(parseRateLimitHeaders(headers, WALL_NOW_MS)).toBeUndefined()
  })
})
