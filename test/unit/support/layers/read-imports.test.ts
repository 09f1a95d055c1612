import { expect, it } from 'vitest'
import { readImports } from '../../../support/layers/read-imports.ts'

it.each([
  ['a value', "import { a } from './a.ts'"],
  ['a default and a namespace', "import a, * as b from './a.ts'"],
  ['a type', "import type { A } from './a.ts'"],
  ['a type among values', "import { type A, b } from './a.ts'"],
  ['nothing but types, each marked', "import { type A } from './a.ts'"],
  ['several lines', "import {\n  a,\n  b,\n} from './a.ts'"],
  ['effects only', "import './a.ts'"],
  ['attributes', "import a from './a.ts' with { type: 'json' }"],
  ['a re-export', "export { a } from './a.ts'"],
  ['a re-export of a type', "export type { A } from './a.ts'"],
  ['a re-export of everything', "export * from './a.ts'"],
  ['a re-export of everything, as types and by a name', "export type * as a from './a.ts'"],
  ['import()', "const load = async () => (await import('./a.ts')).a"],
  ['import() in a type', "let a: import('./a.ts').A | undefined"],
  ['typeof import() in a type', "type A = typeof import('./a.ts')"],
  ['import = require()', "import a = require('./a.ts')"],
  ['a worker', "new Worker(new URL('./a.ts', import.meta.url))"],
])('sees %s', (_, text) => {
  expect(readImports('b.ts', text)).toEqual(['./a.ts'])
})

it('sees packages, their entries and built-in modules, each once', () => {
  const text = "import a from 'a/b'\nimport type { B } from '@c/d'\nimport 'node:fs'\nexport { e } from 'a/b'"
  expect(readImports('b.ts', text).sort()).toEqual(['@c/d', 'a/b', 'node:fs'])
})

it('sees a built-in module that is asked for by its name', () => {
  expect(readImports('b.ts', "process.getBuiltinModule('node:fs')")).toEqual(['node:fs'])
})

it('does not see exports without a source, comments, and text that only looks like an import', () => {
  const text =
    "export const a = 1\nexport { a as b }\n// import './c.ts'\nconst d = `import './e.ts'`\nlog('from undici')"
  expect(readImports('b.ts', text)).toEqual([])
})

it.each(['b.mjs', 'b.tsx'])('reads %s in its own language', (path) => {
  const text = path === 'b.tsx' ? "import './a.ts'\nconst a: A = <p>b</p>" : "await import('./a.ts')"
  expect(readImports(path, text)).toEqual(['./a.ts'])
})

it('refuses import() of anything but a plain string, since a computed name cannot be checked', () => {
  expect(() => readImports('b.ts', 'await import(`./a.ts`)')).toThrow(
    "b.ts: import() needs the module's name as a string",
  )
})

it('refuses a file that it cannot parse', () => {
  expect(() => readImports('b.ts', 'import {')).toThrow(/^b\.ts: /)
})
