import { isInterfaceType, isUnionType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/domain/errors.ts'
import { createSchema } from '../../src/schema/schema.ts'

const schema = createSchema()

const SERVICE_ERRORS = [
  'BadRequestError',
  'UnauthorizedError',
  'UnknownServiceError',
  'InsufficientFundsError',
  'RateLimitedError',
  'ServiceUnavailableError',
  'MalformedResponseError',
  'ServiceError',
]
const PIN_ERRORS = ['PinNotFoundError', ...SERVICE_ERRORS]
const WRITE_ERRORS = ['IdempotencyConflictError', 'OutcomeUnknownError', ...PIN_ERRORS]

describe('the shape of the schema', () => {
  it('names each result union and its members', () => {
    const unions = Object.values(schema.getTypeMap()).filter(isUnionType)

    expect(Object.fromEntries(unions.map((each) => [each.name, sortedNames(each.getTypes())]))).toEqual({
      AddPinResult: ['AddPinSuccess', ...WRITE_ERRORS].sort(),
      ContentLookupResult: ['PinList', ...SERVICE_ERRORS].sort(),
      PinEvent: [
        'LiveCaughtUp',
        'LiveResumed',
        'LiveStale',
        'PinAdded',
        'PinRemoved',
        'PinReplaced',
        'PinSnapshot',
        'PinStatusChange',
      ],
      PinLookupResult: ['Pin', ...PIN_ERRORS].sort(),
      PinsResult: ['PinConnection', ...SERVICE_ERRORS].sort(),
      RemovePinResult: ['RemovePinSuccess', ...PIN_ERRORS].sort(),
      ReplacePinResult: ['ReplacePinSuccess', ...WRITE_ERRORS].sort(),
    })
  })

  it('has one type for each error code, and each of them implements Error', () => {
    const error = schema.getType('Error')
    if (!isInterfaceType(error)) throw new Error('Expected an interface named Error')
    const { objects } = schema.getImplementations(error)

    expect(sortedNames(objects)).toEqual([...WRITE_ERRORS].sort())
    expect(objects).toHaveLength(ERROR_CODES.length)
  })

  it('lets a client select a field of every member of a union that has it, without an alias', () => {
    const clashes = Object.values(schema.getTypeMap())
      .filter(isUnionType)
      .flatMap((union) => {
        const fields = union.getTypes().flatMap((type) => Object.values(type.getFields()))
        const names = new Set(fields.map(({ name }) => name))
        return [...names]
          .map((name) => ({ name, types: fields.filter((each) => each.name === name).map(({ type }) => `${type}`) }))
          .filter(({ types }) => new Set(types).size > 1)
          .map(({ name }) => `${union.name}: ${name}`)
      })

    // A pin's service is an object, an error's the name of one: with `pin`, one of them needs an alias.
    expect(clashes).toEqual(['PinLookupResult: service'])
  })

  it('lets no root field that can fail take the others down', () => {
    const roots = [schema.getQueryType(), schema.getMutationType()]
    const fields = roots.flatMap((type) => Object.values(type?.getFields() ?? {}))

    expect(fields.map(({ name, type }) => `${name}: ${type}`).sort()).toEqual([
      'addPin: AddPinResult!',
      'addPins: [AddPinResult!]!',
      'content: Content',
      'contents: [Content]',
      'copyPins: [AddPinResult!]!',
      'node: Node',
      'nodes: [Node]',
      'pin: PinLookupResult',
      'pins: PinsResult!',
      'removePin: RemovePinResult!',
      'removePins: [RemovePinResult!]!',
      'replacePin: ReplacePinResult!',
      'service: Service',
      'services: [Service!]!',
    ])
  })
})

function sortedNames(types: readonly { readonly name: string }[]): string[] {
  return types.map(({ name }) => name).sort()
}
