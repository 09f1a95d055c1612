import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url)

it.each(['ARCHITECTURE.md', 'docs/live-status-internals.md'])(
  'the pictures of %s name files that exist',
  (document) => {
    const blocks = [...readFileSync(new URL(document, root), 'utf8').matchAll(/^```\n(.*?)^```/gms)].map(
      ([block]) => block,
    )
    const paths = blocks.flatMap((block) =>
      [...block.matchAll(/(?<![\w/-])[a-z]+(?:\/[a-z-]+)+/g)].map(([path]) => path),
    )
    const missing = paths.filter((path) =>
      ['.ts', ''].every((ending) => !existsSync(new URL(`src/${path}${ending}`, root))),
    )

    expect(paths.length).toBeGreaterThan(10)
    expect(missing).toEqual([])
  },
)
