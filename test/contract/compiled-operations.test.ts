import {
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  getOperationAST,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  responsePathAsArray,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { PinNotFoundError } from '../../src/domain/errors.ts'
import { createSchema } from '../../src/schema/schema.ts'
import { CompiledOperations } from '../../src/server/graphql/compiled-operations.ts'
import { randomOperation } from '../support/random-operation.ts'
import { seededRandom } from '../support/seeded-random.ts'

const OPERATIONS = 1_000

/** A number from 0 to 1 that a text always gives again. */
function hashOf(text: string): number {
  let hash = 2166136261
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619)
  return (hash >>> 0) / 2 ** 32
}

/**
 * pinql's schema whose fields give values, nulls and errors that depend on nothing but their place.
 *
 * @param isAsync true if all fields give promises. Not some of them: where one field throws beside another whose promise
 *   rejects later, graphql-js 16 leaves that rejection unhandled
 */
function createRandomSchema(isAsync: boolean): GraphQLSchema {
  const schema = createSchema()
  const valueAt = (type: GraphQLOutputType, place: string): unknown => {
    const roll = hashOf(`${place} value`)
    if (!isNonNullType(type) && roll < 0.1) return null
    // A null where none may be, which takes its parents with it.
    if (isNonNullType(type) && roll < 0.01 && !isAsync) return null
    const inner = getNullableType(type)
    if (isListType(inner)) {
      return Array.from({ length: Math.floor(hashOf(`${place} length`) * 3) }, (_, index) => {
        const element = valueAt(inner.ofType, `${place}.${index}`)
        const isError = !isAsync && hashOf(`${place}.${index} error`) < 0.03
        return isError ? new PinNotFoundError('one', place) : element
      })
    }
    if (isEnumType(inner)) return inner.getValues()[Math.floor(roll * inner.getValues().length)]?.value
    if (isInterfaceType(inner)) return roll < 0.5 ? { requestId: place } : { name: place }
    if (isObjectType(inner)) return { place }
    const scalars: Record<string, unknown> = {
      Int: Math.floor(roll * 1000),
      Float: roll * 1000,
      Boolean: roll < 0.5,
      StringMap: { place },
    }
    return scalars[inner.name] ?? (roll > 0.99 ? 7 : `${inner.name} of ${place}`)
  }
  const resolve: GraphQLFieldResolver<unknown, unknown> = (_source, args, _context, info) => {
    // Sorted, since the order in which arguments were given is nobody's business.
    const given = JSON.stringify(args, (_key, value) => (isRecord(value) ? Object.fromEntries(sorted(value)) : value))
    const place = `${responsePathAsArray(info.path).join('.')}${given}`
    const roll = hashOf(place)
    const error = roll < 0.04 ? new PinNotFoundError('one', place) : roll < 0.06 ? new Error(`a bug at ${place}`) : null
    if (isAsync) return error ? Promise.reject(error) : Promise.resolve(valueAt(info.returnType, place))
    if (error) throw error
    return valueAt(info.returnType, place)
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) field.resolve = resolve
  }
  return schema
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted(record: object): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

interface Shown {
  readonly data: string
  /** Each as JSON, with what caused it. The order of errors of fields that run side by side is nobody's promise. */
  readonly errors: readonly string[]
  /** `data` and `errors`, in the order in which the answer has them. */
  readonly parts: readonly string[]
}

/** A result as a client reads it. */
function shown(result: ExecutionResult): Shown {
  const { data, errors = [] } = result
  const texts = errors.map((error) => `${JSON.stringify(error)} of a ${error.originalError?.constructor.name}`)
  return { data: JSON.stringify(data ?? null), errors: texts.sort(), parts: Object.keys(result) }
}

/** True if the parent of the error's field is null. The answer may then report the error of another field in its place. */
function isBelowNull(error: string, data: string): boolean {
  const { path = [] } = JSON.parse(error.slice(0, error.lastIndexOf(' of a '))) as { path?: (string | number)[] }
  let value = JSON.parse(data) as Record<string | number, unknown> | null
  for (const key of path.slice(0, -1)) value = (value?.[key] ?? null) as typeof value
  return value === null
}

describe('compiled operations', () => {
  it.each([
    ['query', false, 0.6],
    ['query', true, 0.6],
    // Not those of several changes.
    ['mutation', false, 0.4],
    ['mutation', true, 0.4],
    ['subscription', false, 0.6],
    ['subscription', true, 0.6],
  ] as const)('give what graphql-js gives, for each random %s (by promises: %j)', async (kind, isAsync, share) => {
    const schema = createRandomSchema(isAsync)
    const compiled = new CompiledOperations(schema, () => {})
    let [compiledRuns, withErrors] = [0, 0]
    for (let seed = 1; seed <= OPERATIONS; seed++) {
      const { query, variables } = randomOperation(schema, kind, seededRandom(seed))
      const document = parse(query)
      const [invalid] = validate(schema, document)
      if (invalid) throw new Error(`expected a valid operation, got ${query}`, { cause: invalid })
      const operation = getOperationAST(document)
      if (!operation) throw new Error('expected an operation')
      compiled.find(document, operation)
      const run = compiled.find(document, operation)
      if (!run) continue
      compiledRuns++
      const rootValue = { place: 'root' }
      const expected = shown(await execute({ schema, document, rootValue, variableValues: variables }))
      const { data, errors, parts } = shown(await run(rootValue, undefined, variables))
      if (expected.errors.length > 0) withErrors++
      const certain = (all: readonly string[]) => all.filter((error) => !isBelowNull(error, data))
      const isAny = (all: readonly string[]) => all.length > 0
      expect({ seed, query, variables, data, errors: certain(errors), isAny: isAny(errors), parts }).toEqual({
        seed,
        query,
        variables,
        data: expected.data,
        errors: certain(expected.errors),
        isAny: isAny(expected.errors),
        parts: expected.parts,
      })
    }
    expect(compiledRuns).toBeGreaterThan(OPERATIONS * share)
    expect(withErrors).toBeGreaterThan(OPERATIONS * 0.1)
  })

  it('are not used for a first use, or if the result would differ', () => {
    const schema = createRandomSchema(false)
    const compiled = new CompiledOperations(schema, () => {})
    const findTwice = (query: string) => {
      const document = parse(query)
      const operation = getOperationAST(document)
      if (!operation) throw new Error('expected an operation')
      return [compiled.find(document, operation) !== null, compiled.find(document, operation) !== null]
    }
    const doubling = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Pin { content { pins { ...F${n + 1} } a: pins { ...F${n + 1} } } }`,
    )

    for (const query of [
      '{ services { name } }',
      '{ a: pin(id: "a") { id } b: pin(id: "b") { id } }',
      'query ($names: [String!]) { pins(services: $names, filter: { meta: { app: "blog" } }) { nodes { id } } }',
      'query ($first: Int! = 10) { pins(first: $first) { nodes { id } } }',
      'mutation { removePin(input: { id: "a" }) { pinId } }',
    ])
      expect([query, ...findTwice(query)]).toEqual([query, false, true])
    for (const query of [
      'mutation { removePin(input: { id: "a" }) { pinId } other: removePin(input: { id: "b" }) { pinId } }',
      `{ pin(id: "a") { ...F0 } } ${doubling.join(' ')} fragment F40 on Pin { id }`,
      'query ($with: Boolean!) { services { name @include(if: $with) } services { id name } }',
      // A failure of one is told before the other has an answer.
      '{ pins { nodes { id } } pin(id: "a") { id } }',
      '{ ...Two } fragment Two on Query { nodes(ids: []) { id } other: services { name } }',
      'query ($app: String) { pins(filter: { meta: { app: $app } }) { nodes { id } } }',
      'query ($with: Boolean = true) { services { name @include(if: $with) } }',
      'query ($name: String = "one") { service(name: $name) { name } }',
      'query ($name: String = "one") { pins(services: [$name]) { nodes { id } } }',
      // Every object has members of these names.
      'query ($toString: Int = 2) { pins(first: $toString) { nodes { id } } }',
      'query ($constructor: String) { pins(filter: { name: $constructor }) { nodes { id } } }',
      '{ __proto__: __typename }',
      '{ pins { nodes { __proto__: name } } }',
    ])
      expect([query, ...findTwice(query)]).toEqual([query, false, false])
  })

  it('make a change once, even if it is selected in several places', async () => {
    const schema = createRandomSchema(true)
    const removePin = schema.getMutationType()?.getFields().removePin
    if (!removePin) throw new Error('expected a field removePin')
    const inputs: unknown[] = []
    removePin.resolve = async (_source, { input }) => inputs.push(input)
    const document = parse(`
      mutation ($id: ID!) { removePin(input: { id: $id }) { pinId } ...More ... { removePin(input: { id: $id }) { pinId } } }
      fragment More on Mutation { removePin(input: { id: $id }) { error { code } } }`)
    const operation = getOperationAST(document)
    if (!operation) throw new Error('expected an operation')
    const compiled = new CompiledOperations(schema, () => {})
    compiled.find(document, operation)

    const result = await compiled.find(document, operation)?.(undefined, undefined, { id: 'a' })

    expect(inputs).toEqual([{ id: 'a' }])
    expect(Object.keys((result?.data?.removePin ?? {}) as object)).toEqual(['pinId', 'error'])
  })
})
