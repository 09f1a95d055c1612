import {
  coerceInputValue,
  type GraphQLInputType,
  type OperationDefinitionNode,
  parse,
  typeFromAST,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { createSchema } from '../../../../src/schema/schema.ts'
import { EXAMPLES } from '../../../../src/server/pages/graphiql-examples.ts'

const schema = createSchema()

describe.each(
  EXAMPLES.map((example) => [example.query.match(/(query|mutation|subscription) \w+/)?.[0], example] as const),
)('the example %s', (_, example) => {
  const document = parse(example.query)

  it('is valid against the schema', () => {
    expect(validate(schema, document)).toEqual([])
  })

  it('gives its variables values that fit their types', () => {
    const { variableDefinitions = [] } = document.definitions[0] as OperationDefinitionNode
    const values = JSON.parse(example.variables ?? '{}') as Record<string, unknown>
    const names = variableDefinitions.map(({ variable }) => variable.name.value)
    expect(names).toEqual(expect.arrayContaining(Object.keys(values)))
    for (const { variable, type } of variableDefinitions) {
      const inputType = typeFromAST(schema, type as never) as GraphQLInputType
      coerceInputValue(values[variable.name.value], inputType, (path, __, error) => {
        throw new Error(`${variable.name.value}.${path.join('.')}: ${error.message}`)
      })
    }
  })
})

it('shows how to add, watch, look up, list, replace and remove', () => {
  const fields = EXAMPLES.map(({ query }) => /\{\s+(\w+)/.exec(query)?.[1])
  expect(fields).toEqual(['services', 'addPin', 'pinsChanged', 'pin', 'pins', 'replacePin', 'removePin'])
})
