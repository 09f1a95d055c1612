import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('Yoga is imported by one file alone, which the build bundles: whoever installs the package does not have it', async () => {
  const root = new URL('../../../src', import.meta.url).pathname
  const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const texts = await Promise.all(files.map((name) => readFile(join(root, name), 'utf8')))
  const importing = files.filter((_, index) => /['"](?:graphql-yoga|@graphql-yoga\/)/.test(texts[index] ?? ''))
  expect(importing).toEqual([join('server', 'yoga.ts')])
})
