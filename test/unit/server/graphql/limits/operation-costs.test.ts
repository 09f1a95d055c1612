import { GraphQLError, getIntrospectionQuery, getOperationAST, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../../src/config/parse-config.ts'
import { createSchema } from '../../../../../src/schema/schema.ts'
import { clientErrorOf } from '../../../../../src/server/graphql/client-error.ts'
import { OperationCosts } from '../../../../../src/server/graphql/limits/operation-costs.ts'

const schema = createSchema()
const limits = parseConfig({})
const costs = new OperationCosts(schema, limits, { services: 3 })

function costOf(query: string, variables: Record<string, unknown> = {}) {
  const document = parse(query)
  expect(validate(schema, document)).toEqual([])
  const operation = getOperationAST(document)
  if (!operation) throw new Error('expected one operation')
  return costs.of(document, operation, variables)
}

function refusalOf(query: string, variables: Record<string, unknown> = {}): Record<string, unknown> {
  try {
    costOf(query, variables)
  } catch (error) {
    if (error instanceof GraphQLError) return (clientErrorOf(error) ?? error).extensions
    throw error
  }
  throw new Error('expected a refusal')
}

const ALL_OF_PIN = `id requestId name status createdAt expiresAt cid size origins delegates meta info failureReason
  progress { percent } service { id name }`

describe('the cost of an operation', () => {
  it.each([
    ['{ pins { nodes { id name } } }', { depth: 3, requests: 1, fields: 1 + 1 + 2 * 10 }],
    ['{ pins(first: 1000) { nodes { id } } }', { depth: 3, requests: 1, fields: 1 + 1 + 1000 }],
    ['{ pins(services: ["a", "b"]) { totalCount } }', { depth: 2, requests: 3, fields: 2 }],
    ['{ pins(first: 20) { edges { node { content { pins { id } } } } } }', { depth: 6, requests: 7, fields: 82 }],
    ['{ nodes(ids: ["a", "b", "c"]) { id } }', { depth: 2, requests: 1, fields: 4 }],
    ['{ contents(cids: ["a", "b"]) { services { pins { id } } } }', { depth: 4, requests: 3, fields: 15 }],
    ['{ services { pinCounts { pinned } } }', { depth: 3, requests: 12, fields: 7 }],
    [
      'mutation { addPins(input: { pins: [{ cid: "a" }, { cid: "b" }] }) { error { code } } }',
      { depth: 3, requests: 2, fields: 5 },
    ],
    ['mutation { removePins(input: { service: "a" }) { pinId } }', { depth: 2, requests: 1000, fields: 1001 }],
    ['mutation { removePins(input: { ids: ["a", "b"] }) { pinId } }', { depth: 2, requests: 2, fields: 3 }],
    ['subscription { pinsChanged { pin { id } } }', { depth: 3, requests: 0, fields: 3 }],
  ])('of %s is %o', (query, cost) => {
    expect(costOf(query)).toEqual(cost)
  })

  it('is the same with variables, their defaults and fragments', () => {
    const query = `query ($n: Int = 20, $ids: [ID!]!) { pins(first: $n) { ...P } nodes(ids: $ids) { ...N } }
      fragment P on PinConnection { nodes { ... on Pin { ...N } } } fragment N on Node { id }`

    expect(costOf(query, { ids: ['a', 'b'] })).toEqual({ depth: 3, requests: 2, fields: 25 })
    expect(costOf(query, { ids: 'a', n: 5 })).toEqual({ depth: 3, requests: 2, fields: 9 })
    // What is no number or list is refused when the operation runs.
    expect(costOf(query, { ids: null, n: 'many' })).toEqual({ depth: 3, requests: 1, fields: 13 })
  })

  it.each([
    ['query ($n: Int) { pins(first: $n) { nodes { id } } }', { n: 5 }, { n: 7 }, [7, 9]],
    ['query ($ids: [ID!] = []) { pins { nodes { id } } nodes(ids: $ids) { id } }', {}, { ids: ['a'] }, [13, 14]],
    ['query ($x: Boolean!) { pins { nodes { id @skip(if: $x) } } }', { x: true }, { x: false }, [2, 12]],
    ['query ($id: String) { pin(requestId: $id) { id } }', { id: 'a' }, { id: 'b' }, [2, 2]],
  ])('of %s is right when it comes again with other variables', (query, first, second, fields) => {
    const document = parse(query)
    const operation = getOperationAST(document)
    if (!operation) throw new Error('expected one operation')
    const costsOfAll = [first, second, first].map((variables) => costs.of(document, operation, variables))

    expect(costsOfAll.map((cost) => cost.fields)).toEqual([...fields, fields[0]])
  })

  it('leaves out what @skip and @include leave out', () => {
    const query = 'query ($all: Boolean = false) { pins { nodes { id name @include(if: $all) meta @skip(if: true) } } }'

    expect(costOf(query).fields).toBe(12)
    expect(costOf(query, { all: true }).fields).toBe(22)
  })

  it('is far under the limits for pages of 1,000 pins with all their fields, and for introspection', () => {
    const page = `{ pins(first: 1000) { edges { cursor node { ${ALL_OF_PIN} content { pins { ${ALL_OF_PIN} } } } } totalCount } }`

    expect(costOf(page).fields).toBeLessThan(limits.maxOperationFields / 4)
    expect(costOf(page).requests).toBeLessThan(limits.maxOperationRequests / 4)
    const introspection = costOf(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }))
    expect(introspection.fields).toBeLessThan(limits.maxOperationFields / 2)
    expect(introspection.depth).toBeLessThan(limits.maxOperationDepth)
  })
})

describe('an operation over a limit', () => {
  it('is refused if its fragments double at each level', () => {
    const levels = Array.from(
      { length: 22 },
      (_, n) => `fragment F${n} on Pin { a: content { pins { ...F${n + 1} } } b: content { pins { ...F${n + 1} } } }`,
    )
    const query = `{ pins(first: 1) { nodes { ...F0 } } } ${levels.join(' ')} fragment F22 on Pin { id }`

    expect(refusalOf(query)).toMatchObject({ code: 'OPERATION_TOO_COSTLY', what: 'depth', limit: 25 })
  })

  it('is refused if its fragments double without getting deeper, even where nothing of them is included', () => {
    const levels = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Pin { ...F${n + 1} ... on Pin { ...F${n + 1} } }`,
    )
    const query = (leaf: string) =>
      `{ pins(first: 1) { nodes { ...F0 } } } ${levels.join(' ')} fragment F40 on Pin { ${leaf} }`

    expect(refusalOf(query('id'))).toMatchObject({ code: 'OPERATION_TOO_COSTLY', what: 'fields' })
    expect(refusalOf(query('id @skip(if: true)'))).toMatchObject({ what: 'fields', limit: 250_000 })
  })

  it('is refused if lists in lists multiply, and if it costs too many requests', () => {
    const pins = Array.from({ length: 30 }, (_, n) => `a${n}: pins(first: 1000) { nodes { ${ALL_OF_PIN} } }`)
    const counts = Array.from({ length: 300 }, (_, n) => `a${n}: services { pinCounts { pinned } }`)

    expect(refusalOf(`{ ${pins.join(' ')} }`)).toMatchObject({ what: 'fields' })
    expect(refusalOf(`{ ${counts.join(' ')} }`)).toMatchObject({ what: 'requests', limit: 2_500 })
  })

  it('is one error for a list argument of too many items', () => {
    const ids = Array.from({ length: 330_000 }, (_, n) => `${n}`)
    const query = `mutation ($ids: [ID!]!) { ${Array.from({ length: 10 }, (_, n) => `a${n}: removePins(input: { ids: $ids }) { pinId }`).join(' ')} }`

    expect(refusalOf(query, { ids })).toMatchObject({
      code: 'BAD_REQUEST',
      argument: 'input.ids',
      expected: 'at most 1000 items',
      received: '"330000 items"',
    })
    for (const [field, cids] of [
      ['contents(cids: $ids) { cid }', '[CID!]!'],
      ['nodes(ids: $ids) { id }', '[ID!]!'],
    ] as const)
      expect(refusalOf(`query ($ids: ${cids}) { ${field} }`, { ids })).toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('a variable', () => {
  const QUERY = 'query ($f: PinFilter) { a: pins(filter: $f) { totalCount } b: pins(filter: $f) { totalCount } }'
  const items = (count: number) => Array.from({ length: count }, (_, n) => `${n}`)

  it.each([
    ['a list', { f: { status: items(1_001) } }, 'f.status'],
    ['a map', { f: { meta: Object.fromEntries(items(1_001).map((key) => [key, ''])) } }, 'f.meta'],
    ['a list in a list', { f: [{}, { cid: items(1_001) }] }, 'f[1].cid'],
  ])('with more than 1,000 items in %s is refused', (_what, variables, argument) => {
    const received = '"1001 items"'
    expect(refusalOf(QUERY, variables)).toMatchObject({ code: 'BAD_REQUEST', argument, received })
  })

  it('may have 1,000 items at several places, and any number if nobody asked for it', () => {
    const filter = { status: items(1_000), meta: Object.fromEntries(items(1_000).map((key) => [key, ''])) }
    expect(costOf(QUERY, { f: filter, other: items(5_000) })).toMatchObject({ fields: 4 })
  })
})
