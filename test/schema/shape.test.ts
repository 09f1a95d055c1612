import {
  type GraphQLField,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { errorFieldsOf } from '../../src/domain/error-fields.ts'
import { ERROR_CODES } from '../../src/domain/errors.ts'
import { DEFAULT_KINDS } from '../../src/live/live-event.ts'
import { createSchema } from '../../src/schema/schema.ts'
import { ERRORS } from '../support/every-error.ts'

const schema = createSchema()
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
const composites = types.filter((type) => isObjectType(type) || isInterfaceType(type))
const outputFields = composites.flatMap((type) =>
  Object.values(type.getFields()).map((field) => ({ path: `${type.name}.${field.name}`, ...field })),
)
const inputs = [
  ...outputFields.flatMap(({ path, args }) => args.map((arg) => ({ path: `${path}(${arg.name}:)`, type: arg.type }))),
  ...types
    .filter(isInputObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ path: `${type.name}.${field.name}`, ...field })),
    ),
]

function objectType(name: string) {
  const type = schema.getType(name)
  if (!isObjectType(type)) throw new Error(`Expected an object type ${name}, got ${type}`)
  return type
}

function valuesOf(name: string): string[] {
  const type = schema.getType(name)
  if (!isEnumType(type)) throw new Error(`Expected an enum ${name}, got ${type}`)
  return type.getValues().map((value) => value.name)
}

/** `addPin(input: AddPinInput!): AddPinPayload!` */
function signatureOf({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const list = args.map((arg) => `${arg.name}: ${arg.type}`).join(', ')
  return `${name}${list && `(${list})`}: ${type}`
}

describe('the types', () => {
  it('have no union, and no interface but Node, so that generated clients stay small and take what later versions add', () => {
    expect(types.filter(isUnionType)).toEqual([])
    expect(types.filter(isInterfaceType).map(({ name }) => name)).toEqual(['Node'])
  })

  it('have no list with nullable elements, apart from lists that look up ids or CIDs of the input', () => {
    const withHoles = [...outputFields, ...inputs].filter(({ type }) => {
      const list = isNonNullType(type) ? type.ofType : type
      return isListType(list) && !isNonNullType(list.ofType)
    })

    expect(withHoles.map(({ path, type }) => `${path}: ${type}`)).toEqual([
      'Query.contents: [Content]!',
      'Query.nodes: [Node]!',
    ])
  })

  it('have these enums, whose values can be answers: a value that is added to one of them breaks deployed clients', () => {
    const answered = new Set(outputFields.map(({ type }) => getNamedType(type)).filter(isEnumType))

    expect(Object.fromEntries([...answered].map(({ name }) => [name, valuesOf(name).sort()]))).toEqual({
      BreakerState: ['CLOSED', 'HALF_OPEN', 'OPEN'],
      FilterTrust: ['EXACT', 'LOOSE', 'UNUSABLE'],
      HealthState: ['DEGRADED', 'DOWN', 'UP'],
      LimitScope: ['ADDRESS', 'TOKEN'],
      LimitedEndpoint: ['ALL', 'ITEM', 'LIST', 'WRITE'],
      ListOrder: ['NEWEST_FIRST', 'NONE', 'OLDEST_FIRST'],
      // Kinds that are added later are sent to subscriptions only that name them.
      PinEventKind: ['ADDED', 'CAUGHT_UP', 'REMOVED', 'REPLACED', 'RESUMED', 'SNAPSHOT', 'STALE', 'STATUS_CHANGED'],
      PinStatus: ['FAILED', 'PINNED', 'PINNING', 'QUEUED'],
    })
  })
})

describe('Error', () => {
  it('has scalars only, and its fields are those that are made of a failure', () => {
    const fields = Object.values(objectType('Error').getFields())

    expect(fields.filter(({ type }) => !isLeafType(getNamedType(type)))).toEqual([])
    for (const error of ERRORS) {
      expect(Object.keys(errorFieldsOf(error)).sort()).toEqual(fields.map(({ name }) => name).sort())
    }
  })

  it('is never null in its code and message, and may be in all other fields', () => {
    const fields = Object.values(objectType('Error').getFields())

    expect(fields.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual(['code', 'message'])
  })

  it('has a text for its code, so that later versions may add codes, and describes exactly those of today', () => {
    const { type, description } = objectType('Error').getFields().code ?? {}

    expect(`${type}`).toBe('String!')
    const listed = description?.matchAll(/^- `([A-Z_]+)`: /gm) ?? []
    expect([...listed].map(([, code]) => code)).toEqual([...ERROR_CODES])
  })

  it('is the type of every field that says why something failed', () => {
    const named = outputFields.filter(({ name }) => /error|warning/i.test(name))

    expect(named.map(({ path, type }) => `${path}: ${type}`).sort()).toEqual([
      'AddPinPayload.error: Error',
      'ContentAtService.error: Error',
      'PinConnection.totalCountError: Error',
      'PinConnection.warnings: [Error!]!',
      'PinCounts.error: Error',
      'PinEvent.error: Error',
      'RemovePinPayload.error: Error',
      'ReplacePinPayload.error: Error',
      'ServiceHealth.lastError: Error',
    ])
  })
})

describe('the root fields', () => {
  const signatures = (type: string) => Object.values(objectType(type).getFields()).map(signatureOf).sort()

  it('of Query that can fail are null by themselves, apart from pins, whose failure takes all data with it', () => {
    expect(signatures('Query').map((text) => text.replace(/\(.*\)/, ''))).toEqual([
      'content: Content',
      'contents: [Content]!',
      'node: Node',
      'nodes: [Node]!',
      'pin: Pin',
      'pins: PinConnection!',
      'service: Service',
      'services: [Service!]!',
    ])
  })

  it('of Mutation take one input, and return payloads of their own', () => {
    expect(signatures('Mutation')).toEqual([
      'addPin(input: AddPinInput!): AddPinPayload!',
      'addPins(input: AddPinsInput!): [AddPinPayload!]!',
      'copyPins(input: CopyPinsInput!): [AddPinPayload!]!',
      'removePin(input: RemovePinInput!): RemovePinPayload!',
      'removePins(input: RemovePinsInput!): [RemovePinPayload!]!',
      'replacePin(input: ReplacePinInput!): ReplacePinPayload!',
    ])
  })

  it('of Mutation return payloads whose error is null after success', () => {
    const payloads = Object.values(objectType('Mutation').getFields()).map(({ type }) => getNamedType(type).name)

    for (const name of payloads) {
      const { error, pin } = objectType(name).getFields()
      expect([name, `${error?.type}`, `${pin?.type}`]).toEqual([name, 'Error', 'Pin'])
    }
  })

  it('of Subscription send one kind of object', () => {
    expect(signatures('Subscription')).toEqual([
      'pinStatusChanged(after: Cursor, ids: [ID!]!, kinds: [PinEventKind!], until: Until): PinEvent!',
      'pinsChanged(after: Cursor, filter: PinFilter, kinds: [PinEventKind!], services: [String!]): PinEvent!',
    ])
  })
})

describe('the kinds of events', () => {
  // This list is frozen. A new kind must not be in it: deployed clients would get events that they cannot read.
  const FROZEN = ['SNAPSHOT', 'ADDED', 'STATUS_CHANGED', 'REPLACED', 'REMOVED', 'STALE', 'RESUMED', 'CAUGHT_UP']

  it('for subscribers that name no kinds are always those of the first version', () => {
    expect([...DEFAULT_KINDS].sort()).toEqual([...FROZEN].sort())
  })

  it('are all in the schema', () => {
    expect(valuesOf('PinEventKind')).toEqual(expect.arrayContaining(FROZEN))
  })

  it('are the values that resolvers send, since the enum has no other values behind its names', () => {
    const type = schema.getType('PinEventKind')
    if (!isEnumType(type)) throw new Error('Expected an enum')
    expect(type.getValues().filter(({ name, value }) => name !== value)).toEqual([])
  })
})
