import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SRC = new URL('../../src/', import.meta.url)

/** A variable at the top of a module, and a collection there whose type does not say that it never changes. */
const STATE =
  /^(?:export )?(?:(?:let|var) |const \w+(?:: (?!Readonly)[^=]+)? = new (?:Weak)?(?:Map|Set)\b|const \w+ = new LRUCache\b)/m

/** A thread has one event loop, whose turns all of its loops share. */
const OF_THE_THREAD = ['upstream/waiting/give-way.ts']

it('modules keep no state', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))

  expect(files.filter((path) => STATE.test(readFileSync(new URL(path, SRC), 'utf8')))).toEqual(OF_THE_THREAD)
})
