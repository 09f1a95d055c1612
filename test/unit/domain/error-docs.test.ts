import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import * as errors from '../../../src/domain/errors.ts'

it('lists every code and its class in docs/errors.md, and no other', async () => {
  const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| `(\w+)` \|/gm)].map(([, code, type]) => [code, type])

  expect(rows.map(([code]) => code)).toEqual([...errors.ERROR_CODES])
  for (const [code, type] of rows) {
    expect(Object.keys(errors)).toContain(type)
    // BAD_REQUEST is the code of BadRequestError.
    expect(`${code?.toLowerCase().replaceAll('_', '')}error`.replace('errorerror', 'error')).toBe(type?.toLowerCase())
  }
})
