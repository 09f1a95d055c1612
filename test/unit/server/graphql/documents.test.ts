import { buildSchema, GraphQLError } from 'graphql'
import { describe, expect, it } from 'vitest'
import { Documents } from '../../../../src/server/graphql/documents.ts'

const schema = buildSchema('type Query { a: String } type Mutation { b: String }')

describe('documents', () => {
  it('are read and checked once for the same text if they are valid, and are not kept if they are not', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    const document = documents.parse('{ a }')

    expect(documents.parse('{ a }')).toBe(document)
    expect(documents.validate(document)).toBe(documents.validate(document))
    const { bytes } = documents
    for (let n = 0; n < 100; n++) {
      expect(() => documents.parse(`{ # ${n}`)).toThrow(GraphQLError)
      expect(() => documents.prepare({ query: `{ x${n} }` })).toThrow(AggregateError)
    }
    expect(documents.bytes).toBe(bytes)
  })

  // graphql-js compares each pair of such fragments inside of the comparison of another pair.
  it('are invalid, and no bug, where any number of fragments spread each other in a circle', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    for (const count of [2, 100, 150, 400]) {
      const fragments = Array.from(
        { length: count },
        (_, n) => `fragment F${n} on Query { a ...F${(n + 1) % count} ...F${(n * 7 + 3) % count} }`,
      )
      const [error] = documents.validate(documents.parse(`{ ...F0 } ${fragments.join(' ')}`))
      expect(error?.message).toMatch(/^Cannot spread fragment "F\d+" within itself/)
    }
  })

  it('are invalid where a subscription may have no root field', () => {
    const subscribed = buildSchema('type Query { a: String } type Subscription { b: Q } type Q { c: String }')
    const documents = new Documents(subscribed, { maxBytes: 1_000_000 })
    const errorsOf = (query: string) => documents.validate(documents.parse(query)).map(({ message }) => message)
    for (const query of [
      'subscription { b @skip(if: true) { c } }',
      'subscription ($x: Boolean = true) { b @include(if: $x) { c } }',
      'subscription ($x: Boolean!) { ... @include(if: $x) { b { c } } }',
      'subscription { ...F } fragment F on Subscription { ...G @skip(if: false) } fragment G on Subscription { b { c } }',
    ])
      expect(errorsOf(query)).toEqual([
        expect.stringMatching('^Expected the root field of a subscription without @skip and @include'),
      ])
    expect(errorsOf('subscription ($x: Boolean!) { b { c @include(if: $x) } }')).toEqual([])
    expect(errorsOf('query ($x: Boolean!) { a @include(if: $x) }')).toEqual([])
  })

  // Each fragment that spreads the next one twice doubles the number of ways to the last one.
  it('are looked through once, by however many ways a subscription leads to a fragment', () => {
    const subscribed = buildSchema('type Query { a: String } type Subscription { b: String }')
    const documents = new Documents(subscribed, { maxBytes: 1_000_000 })
    const doubling = Array.from(
      { length: 10 },
      (_, n) => `fragment F${n} on Subscription { ...F${n + 1} ...F${n + 1} }`,
    )
    const text = `subscription { ...F0 } ${doubling.join(' ')} fragment F10 on Subscription { b @skip(if: false) }`
    expect(documents.validate(documents.parse(text))).toHaveLength(1)
  })

  it('have the operation that is named, or their only one', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    const query = 'query A { a } mutation B { b }'

    expect(documents.prepare({ query, operationName: 'B' }).operation.operation).toBe('mutation')
    expect(documents.prepare({ query: '{ a }' }).operation.operation).toBe('query')
    for (const operationName of [null, undefined, 'C']) {
      expect(() => documents.prepare({ query, operationName })).toThrow(
        'Could not determine what operation to execute.',
      )
    }
  })

  it('are kept up to a limit of bytes, however many come and are compiled', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    for (let n = 0; n < 20_000; n++) {
      const document = documents.parse(`# ${n}\n{ ${'a '.repeat(n % 50 === 0 ? 3_000 : 3)} }`)
      if (n % 3 === 0) documents.keepMore(document, 1_000_000)
      expect(documents.bytes).toBeLessThanOrEqual(64 * 1024 * 1024)
    }
    expect(documents.bytes).toBeGreaterThan(32 * 1024 * 1024)
  })

  it('are evicted at once if one of them takes an eighth of the limit', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    const document = documents.parse('{ a }')
    for (let n = 0; n < 8; n++) documents.keepMore(document, 1024 * 1024)
    expect([documents.bytes, documents.parse('{ a }') === document]).toEqual([expect.any(Number), false])
    expect(documents.bytes).toBeLessThan(10_000)
  })

  it('are refused with all that does not fit the schema', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    const errors: unknown[] = []
    try {
      documents.prepare({ query: '{ x y }' })
    } catch (error) {
      if (error instanceof AggregateError) errors.push(...error.errors)
    }

    expect(errors.map((error) => (error as Error).message)).toEqual(
      ['x', 'y'].map((name) => `Cannot query field "${name}" on type "Query". Did you mean "a"?`),
    )
  })

  it('are refused with the same codes on every transport', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })
    const codeOf = (text: string) => {
      try {
        return documents.validate(documents.parse(text)).map(({ extensions }) => extensions.code)
      } catch (error) {
        return [(error as GraphQLError).extensions.code]
      }
    }

    expect(codeOf('{ x }')).toEqual(['GRAPHQL_VALIDATION_FAILED'])
    expect(codeOf('fragment F on Query { a }')).toEqual(['GRAPHQL_VALIDATION_FAILED'])
    expect(codeOf('{')).toEqual(['GRAPHQL_PARSE_FAILED'])
    expect(codeOf(`{ ${'a '.repeat(5_000)} }`)).toEqual(['GRAPHQL_PARSE_FAILED'])
  })

  it('are refused for too many words before they are checked', () => {
    const documents = new Documents(schema, { maxBytes: 1_000_000 })

    expect(() => documents.parse(`{ ${'a '.repeat(4_999)} }`)).toThrow('contains more that 5000 tokens')
    expect(documents.parse(`{ ${'a '.repeat(4_998)} }`).kind).toBe('Document')
  })
})
