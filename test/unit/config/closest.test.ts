import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closest } from '../../../src/config/closest.ts'

describe('closest', () => {
  it.each([
    ['tokne', 'token'],
    ['TOKEN', 'token'],
    ['endpont', 'endpoint'],
    ['url', null],
    ['', null],
  ])('takes %j for %j', (word, expected) => {
    expect(closest(word, ['provider', 'endpoint', 'token'])).toBe(expected)
  })

  it('finds a word with one letter changed, added, lost or swapped with its neighbour', () => {
    const misspell = fc.tuple(fc.nat({ max: 6 }), fc.constantFrom('change', 'add', 'lose', 'swap')).map(([at, how]) => {
      const word = 'endpoint'
      const [a = '', b = ''] = word.slice(at, at + 2)
      const middle = { change: `x${b}`, add: `${a}x${b}`, lose: b, swap: `${b}${a}` }[how]
      return word.slice(0, at) + middle + word.slice(at + 2)
    })
    fc.assert(
      fc.property(misspell, (word) => {
        expect(closest(word, ['provider', 'endpoint', 'token'])).toBe('endpoint')
      }),
    )
  })
})
