import { readFileSync } from 'node:fs'
import { parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { createSchema } from '../../src/schema/schema.ts'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const operations = ['README.md', 'docs/errors.md', 'docs/idempotency.md'].flatMap((name) =>
  [...read(name).matchAll(/```graphql\n([\s\S]+?)```|const query = `([\s\S]+?)`/g)].map(([, block, quoted]) => ({
    name,
    document: block ?? quoted ?? '',
  })),
)

it.each(operations)('shows valid operations in $name', ({ document }) => {
  expect(validate(createSchema(), parse(document))).toEqual([])
})

it('finds the operations to check', () => {
  expect(operations).toHaveLength(3)
})
