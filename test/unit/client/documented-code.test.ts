import { readdirSync, readFileSync } from 'node:fs'
import { buildSchema, isObjectType } from 'graphql'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, root), 'utf8')
/** Indentation aside: a block may show a part of a function. */
const lines = (text: string) => text.split('\n').map((line) => line.trim())

const CLIENTS = new URL('test/clients/', root)
const sources = readdirSync(CLIENTS, { recursive: true, encoding: 'utf8' })
  .filter(
    (name) =>
      /\.(ts|json|yaml|toml|graphql|go|rs|py)$/.test(name) && !name.includes('generated') && !name.includes('lock'),
  )
  .map((name) => lines(readFileSync(new URL(name, CLIENTS), 'utf8')).join('\n'))

const blocks = [...read('docs/clients.md').matchAll(/```(ts|json|yaml|toml|go|rust|python)\n([\s\S]+?)\n```/g)].map(
  ([, language, code = '']) => ({ title: `${language}: ${code.trim().split('\n')[0]}`, code }),
)

// `npm run test:clients` compiles and runs these programs.
it.each(blocks)('docs/clients.md shows code that a test runs: $title', ({ code }) => {
  expect(sources.filter((source) => source.includes(lines(code).join('\n')))).not.toEqual([])
})

it('finds the blocks to check', () => {
  expect(blocks.length).toBeGreaterThan(10)
})

it("names every type without an id for urql's cache, in docs/clients.md and where it is run", () => {
  const types = Object.values(buildSchema(read('schema.graphql')).getTypeMap()).filter(isObjectType)
  const roots = ['Query', 'Mutation', 'Subscription']
  const withoutId = types
    .filter(({ name }) => !/^__|Connection$|Edge$|^PageInfo$/.test(name) && !roots.includes(name))
    .filter((type) => !('id' in type.getFields()))
    .map(({ name }) => name)
  const [, named = ''] = /WITHOUT_ID = \[([^\]]+)\]/.exec(read('docs/clients.md')) ?? []

  expect(named.match(/\w+/g)).toEqual(withoutId.sort())
})
