import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SRC = new URL('../../src/', import.meta.url)

/** Exported types, interfaces and classes. Exporting the type of another file again is no new type. */
const EXPORTED_TYPE = /^export (?:declare )?(?:abstract )?(?:type|interface|class) (\w+)/gm

/** Paths of the files of `src` that export a type, by its name. */
function filesByTypeName(): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const path of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).sort()) {
    // Programs of others import `client`, and `src` does not. Its types have the names that GraphQL gives them.
    if (!path.endsWith('.ts') || path.startsWith('client')) continue
    for (const [, name = ''] of readFileSync(new URL(path, SRC), 'utf8').matchAll(EXPORTED_TYPE)) {
      files.set(name, [...(files.get(name) ?? []), path])
    }
  }
  return files
}

it('no two files export a type of the same name', () => {
  const files = filesByTypeName()

  // Else the expression above has missed them.
  expect(files.get('Pin')).toEqual(['domain/pin.ts'])
  expect([...files].filter(([, paths]) => paths.length > 1)).toEqual([])
})
