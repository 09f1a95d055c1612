import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SRC = new URL('../../src/', import.meta.url)

/** Exported types, interfaces, classes, functions and constants. Exporting the type of another file again is no new type. */
const EXPORTED = /^export (?:declare )?(?:abstract |async )?(?:type|interface|class|function\*?|const) (\w+)/gm
/** Types, interfaces, classes, functions and constants of a file, exported or not. */
const OWN = /^(?:export )?(?:declare )?(?:abstract |async )?(?:type|interface|class|function\*?|const) (\w+)/gm

/** Paths of the files of `src` that declare a name. */
function filesByName(declaration: RegExp): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const path of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).sort()) {
    // Programs of others import `client`, and `src` does not. Its types have the names that GraphQL gives them.
    if (!path.endsWith('.ts') || path.startsWith('client')) continue
    for (const [, name = ''] of readFileSync(new URL(path, SRC), 'utf8').matchAll(declaration)) {
      files.set(name, [...(files.get(name) ?? []), path])
    }
  }
  return files
}

it('no two files export a type, function or constant of the same name', () => {
  const files = filesByName(EXPORTED)

  // Else the expression above has missed them.
  expect([files.get('Pin'), files.get('isPoll')]).toEqual([['domain/pin.ts'], ['upstream/budget/request-class.ts']])
  expect([...files].filter(([, paths]) => paths.length > 1)).toEqual([])
})

it('no file has a type, function or constant of its own with the name of one that another file exports', () => {
  const exported = filesByName(EXPORTED)

  expect([...filesByName(OWN)].filter(([name, paths]) => exported.has(name) && paths.length > 1)).toEqual([])
})
