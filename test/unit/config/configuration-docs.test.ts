import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { printConfiguration } from '../../../scripts/print-configuration.ts'

it('docs/configuration.md says what the schema says; `npm run docs:update` rewrites it', async () => {
  const written = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
  expect(written).toBe(printConfiguration())
})
