import { readFile } from 'node:fs/promises'
import { buildSchema, graphqlSync, introspectionFromSchema, lexicographicSortSchema } from 'graphql'
import { expect, it } from 'vitest'
import { printSdl } from '../../src/schema/print-sdl.ts'
import { createSchema } from '../../src/schema/schema.ts'

it('is what schema.graphql says; `npm run schema:update` rewrites the file', async () => {
  const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8')

  expect(printSdl()).toBe(file)
})

it('has a description, which is a comment in the file: some parsers cannot read a described schema', () => {
  const description = 'Pins at any number of IPFS pinning services.'
  const { data } = graphqlSync({ schema: createSchema(), source: '{ __schema { description } }' })
  const [comment = '', types = ''] = printSdl().split(/\n\n(.*)/s)

  expect(data).toEqual({ __schema: { description: expect.stringMatching(new RegExp(`^${description}`)) } })
  expect([comment.startsWith(`# ${description}`), types.startsWith('"""')]).toEqual([true, true])
  expect(comment.split('\n').filter((line) => !line.startsWith('#'))).toEqual([])
  expect(printSdl()).not.toMatch(/^schema\b/m)
})

it('loses nothing of the schema in the file but its description', () => {
  const read = introspectionFromSchema(lexicographicSortSchema(buildSchema(printSdl())))
  const made = introspectionFromSchema(lexicographicSortSchema(createSchema()))

  expect({ ...read.__schema, description: made.__schema.description }).toEqual(made.__schema)
})
