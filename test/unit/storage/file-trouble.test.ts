import { expect, it } from 'vitest'
import { FileTroubleError, fileTrouble } from '../../../src/storage/file-trouble.ts'

it.each([
  [Object.assign(new Error('EISDIR: illegal operation'), { code: 'EISDIR' }), 'it is a directory (EISDIR)'],
  [Object.assign(new Error('EXYZ: something new'), { code: 'EXYZ' }), 'EXYZ: something new'],
  [new Error('no code'), 'no code'],
  ['a text', 'a text'],
])('says why the system refuses a file: %s', (error, words) => {
  expect(fileTrouble(error)).toBe(words)
  const { message, code, cause } = new FileTroubleError('Cannot open x', { cause: error })
  expect(message).toBe(`Cannot open x: ${words}`)
  expect(code).toBe((error as { code?: string }).code)
  expect(cause).toBe(error)
})
