import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url)
const folder = new URL('test/support/embedding/', root)
/** Run by the tests of test/integration/server. */
const sources = readdirSync(folder).map((name) => withoutIndents(readFileSync(new URL(name, folder), 'utf8')))
const text = readFileSync(new URL('docs/embedding.md', root), 'utf8')
const blocks = [...text.matchAll(/^```(.*)\n([\s\S]+?)^```$/gm)].map(([, language, code = '']) => ({ language, code }))

it.each(blocks)('shows code in docs/embedding.md that is tested: $code', ({ language, code }) => {
  expect(language).toBe('ts')
  expect(sources.filter((source) => source.includes(withoutIndents(code)))).toHaveLength(1)
})

it('finds the code in docs/embedding.md', () => {
  expect(blocks).toHaveLength(7)
})

function withoutIndents(code: string): string {
  return code.replace(/^ +/gm, '')
}
