import { type GraphQLNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createSchema } from '../../src/schema/schema.ts'

/** Starts with a capital, a number or code, and ends like a sentence. */
const SENTENCE = /^[A-Z0-9`].*[.!?]$/s

const types = Object.values(createSchema().getTypeMap()).filter((type) => !isBuiltIn(type))
const described = types.flatMap((type) => [
  { name: type.name, description: type.description },
  ...membersOf(type).map(({ name, description }) => ({ name: `${type.name}.${name}`, description })),
])

describe('every type, field, argument, input field and enum value', () => {
  it('is described by a sentence', () => {
    const undescribed = described.filter(({ description }) => !SENTENCE.test(description ?? ''))

    expect(undescribed).toEqual([])
    expect(described.length).toBeGreaterThan(150)
  })

  it('says something of its own where it is more than a name', () => {
    const empty = described.filter(({ name, description }) => {
      const words = new Set(description?.toLowerCase().match(/[a-z]+/g))
      for (const word of name
        .split('.')
        .at(-1)
        ?.toLowerCase()
        .match(/[a-z]+/g) ?? [])
        words.delete(word)
      for (const word of ['the', 'a', 'an', 'of', 'its']) words.delete(word)
      return words.size === 0
    })

    expect(empty.map(({ name }) => name)).toEqual([])
  })
})

interface Member {
  readonly name: string
  readonly description?: string | null | undefined
}

function membersOf(type: GraphQLNamedType): Member[] {
  if (isEnumType(type)) return [...type.getValues()]
  if (isInputObjectType(type)) return Object.values(type.getFields())
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => [
    field,
    ...field.args.map((arg) => ({ name: `${field.name}(${arg.name})`, description: arg.description })),
  ])
}

function isBuiltIn(type: GraphQLNamedType): boolean {
  return type.name.startsWith('__') || ['ID', 'String', 'Int', 'Float', 'Boolean'].includes(type.name)
}
