import { expect, it } from 'vitest'
import { redirectOf } from '../../../../src/embedded/fetch/redirect-of.ts'

const FROM = new URL('https://gateway.example/ipfs/bafy?format=car')

it.each([
  ['https://bafy.ipfs.gateway.example/?format=car', 'https://bafy.ipfs.gateway.example/?format=car'],
  ['/ipfs/other?format=car', 'https://gateway.example/ipfs/other?format=car'],
  ['//mirror.example/ipfs/bafy', 'https://mirror.example/ipfs/bafy'],
  ['https://user:secret@mirror.example/', 'https://mirror.example/'],
])('leads to %s as %s', (location, expected) => {
  expect(redirectOf(location, FROM).href).toBe(expected)
})

it('leads from http to https', () => {
  expect(redirectOf('https://gateway.example/', new URL('http://gateway.example/')).href).toBe(
    'https://gateway.example/',
  )
})

it.each([
  ['http://gateway.example/', 'it redirected from https to http'],
  ['file:///etc/passwd', 'it redirected to file:'],
  ['data:text/plain,hello', 'it redirected to data:'],
  ['https://', 'it redirected to nowhere'],
  ['', 'it redirected to nowhere'],
  [null, 'it redirected to nowhere'],
])('does not lead to %s', (location, message) => {
  expect(() => redirectOf(location, FROM)).toThrow(message)
})
