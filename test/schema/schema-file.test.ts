import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { printSdl } from '../../src/schema/print-sdl.ts'

it('is what schema.graphql says; `npm run schema:update` rewrites the file', async () => {
  const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8')

  expect(printSdl()).toBe(file)
})
