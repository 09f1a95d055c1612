import { readdirSync, readFileSync } from 'node:fs'
import { parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { createSchema } from '../../src/schema/schema.ts'

const root = new URL('../../', import.meta.url)
const files = ['README.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
)

/** Blocks of GraphQL, texts of JavaScript that are operations, and the queries of requests that are sent by curl. */
const OPERATIONS = [
  /```graphql\n([\s\S]+?)```/g,
  /`((?:query|mutation|subscription|fragment)\b[^`]+)`(?!`)/g,
  /"query":\s*"((?:[^"\\]|\\.)+)"/g,
]

const schema = createSchema()
const operations = files.flatMap((name) => {
  const text = readFileSync(new URL(name, root), 'utf8')
  return OPERATIONS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, found = '']) => found))
    .filter((document) => document.includes('{'))
    .map((document) => ({ name, document }))
})

it.each(operations)('shows valid operations in $name', ({ document }) => {
  expect(validate(schema, parse(document))).toEqual([])
})

it('finds the operations to check', () => {
  const found = operations.map(({ name }) => name)

  expect(found).toEqual(
    expect.arrayContaining(['docs/errors.md', 'docs/idempotency.md', 'docs/live-status.md', 'docs/removing.md']),
  )
  // A query of JavaScript, a mutation, and a subscription by curl.
  expect(found.filter((name) => name === 'README.md')).toHaveLength(3)
})
