import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { ERROR_CODES } from '../../../src/domain/errors.ts'
import { ERRORS } from '../../support/every-error.ts'

it('explains every code of an `Error` in docs/errors.md, and no other', async () => {
  const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
  const [, section = ''] = /^## Codes\n([\s\S]+?)^## /m.exec(text) ?? []
  const rows = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)

  expect(rows).toEqual([...ERROR_CODES])
})

it('has one name of a class for each code, which is the name of the code', () => {
  // BAD_REQUEST is the code of BadRequestError.
  const nameOf = (code: string) => `${code.toLowerCase().replaceAll('_', '')}error`.replace('errorerror', 'error')

  expect([...new Set(ERRORS.map(({ name }) => name.toLowerCase()))]).toEqual(ERROR_CODES.map(nameOf))
  expect([...new Set(ERRORS.map(({ code }) => code))]).toEqual([...ERROR_CODES])
})
