import { coerceInputValue, GraphQLError, isEnumType, isInputType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createSchema } from '../../src/schema/schema.ts'

const schema = createSchema()
const enums = Object.values(schema.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith('__'))

/** Messages of the errors for a value that a client sends as a variable of a type. */
function mistakesIn(name: string, value: unknown): string[] {
  const type = schema.getType(name)
  if (!isInputType(type)) throw new Error(`Expected an input type ${name}`)
  const mistakes: string[] = []
  coerceInputValue(value, type, (path, _, error) => mistakes.push([...path, error.message].join(': ')))
  return mistakes
}

describe('an empty text for an enum, which generated clients send where it is not set', () => {
  it.each(enums.map(({ name }) => name))('is refused with the values of %s', (name) => {
    const type = schema.getType(name)
    if (!isEnumType(type)) throw new Error(`Expected an enum ${name}`)
    const values = type.getValues().map((value) => value.name)

    expect(mistakesIn(name, '')).toEqual([`${name}: expected ${values.join(', ')} or null, got ""`])
    expect(() => type.parseValue('')).toThrow(GraphQLError)
    // All else is GraphQL's to judge, as ever.
    expect(values.flatMap((value) => mistakesIn(name, value))).toEqual([])
    expect(mistakesIn(name, 'nothing')).toEqual([expect.stringContaining(`"nothing" does not exist in "${name}" enum`)])
    expect(mistakesIn(name, 0)).toEqual([expect.stringContaining(`cannot represent non-string value: 0`)])
  })

  it('is found inside an input, and named there', () => {
    expect(mistakesIn('PinFilter', { name: 'a', match: '', status: ['PINNED', ''] })).toEqual([
      'match: NameMatch: expected EXACT, IEXACT, IPARTIAL, PARTIAL or null, got ""',
      'status: 1: PinStatus: expected FAILED, PINNED, PINNING, QUEUED or null, got ""',
    ])
  })
})
