import { readdir, readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const FOLDER = new URL('./', import.meta.url)
const ROW = /^\| (\d+) \|.*\| (`[^|]*`) \|$/gm

it('docs/upstream-behaviours.md has all fifty behaviours, and names the files whose tests bear their numbers', async () => {
  const table = await readFile(new URL('../../docs/upstream-behaviours.md', FOLDER), 'utf8')
  const rows = [...table.matchAll(ROW)].map(([, number, files = '']) => ({
    number,
    files: files.match(/[\w-]+/g) ?? [],
  }))
  expect(rows.map(({ number }) => Number(number))).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))

  const stated = rows.flatMap(({ number, files }) => files.map((file) => `#${number} in ${file}`))
  const found = await testedNumbers()
  expect(
    stated.filter((each) => !found.has(each)),
    'stated, but not tested',
  ).toEqual([])
})

/** `#13 in behaviours-lists` for every number in the name of a test. */
async function testedNumbers(): Promise<Set<string>> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.test.ts'))
  const found = await Promise.all(
    files.map(async (file) => {
      const source = await readFile(new URL(file, FOLDER), 'utf8')
      // Quoted texts; comments have none.
      const names = source.match(/'[^'\n]*#\d+[^'\n]*'/g) ?? []
      const numbers = names.flatMap((name) => name.match(/#\d+/g) ?? [])
      return numbers.map((number) => `${number} in ${file.replace('.test.ts', '')}`)
    }),
  )
  return new Set(found.flat())
}
