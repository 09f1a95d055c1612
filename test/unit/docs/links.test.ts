import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url)
const documents = ['', 'docs/', 'docs/decisions/', 'test/support/', 'test/support/providers/'].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`),
)

it.each(documents)('%s links to files that exist', (document) => {
  const text = readFileSync(new URL(document, root), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target)
  const broken = links.filter(
    (target) => !/^[a-z]+:/.test(target) && !existsSync(new URL(target, new URL(document, root))),
  )

  expect(broken).toEqual([])
})
