import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseEndpoint } from '../../../src/config/endpoint.ts'

describe('normaliseEndpoint', () => {
  it.each([
    ['https://api.pinata.cloud/psa', 'https://api.pinata.cloud/psa'],
    ['https://api.pinata.cloud/psa/', 'https://api.pinata.cloud/psa'],
    ['https://api.pinata.cloud/psa/pins', 'https://api.pinata.cloud/psa'],
    ['https://api.pinata.cloud/psa/pins//', 'https://api.pinata.cloud/psa'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['HTTP://LOCALHOST/Spins', 'http://localhost/Spins'],
  ])('turns %s into %s', (text, expected) => {
    expect(normaliseEndpoint(text)).toBe(expected)
  })

  it.each([
    '',
    'api.pinata.cloud',
    'ftp://a.example',
    'https://user:pass@a.example',
    'https://a.example?x=1',
    'https://a.example/#x',
  ])('refuses %j', (text) => {
    expect(normaliseEndpoint(text)).toBeNull()
  })

  it('changes nothing when it is applied again', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http', 'https'] }), (url) => {
        const once = normaliseEndpoint(url)
        fc.pre(once !== null)
        // Only one `/pins` is dropped, so a path of several keeps the rest.
        fc.pre(!once.endsWith('/pins'))
        expect(normaliseEndpoint(once)).toBe(once)
      }),
    )
  })
})
