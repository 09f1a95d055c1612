import { type ExecutionResult, execute, type GraphQLObjectType, parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../../../src/config/parse-config.ts'
import { createSchema } from '../../../../../src/schema/schema.ts'
import { Limiter } from '../../../../../src/server/graphql/limits/limiter.ts'
import { Stop } from '../../../../../src/upstream/waiting/stop.ts'

const MAX_FIELDS = 1_000

/** Returns the answer to an operation on a schema in which each field returns the pins below, in the form that it promises. */
async function answerTo(query: string, pins: readonly object[], byPromises = false): Promise<ExecutionResult> {
  const schema = createSchema()
  const give = (value: unknown) => () => (byPromises ? Promise.resolve(value) : value)
  const resolvers: Record<string, Record<string, unknown>> = {
    Query: { pins: { nodes: pins }, pin: pins[0], node: pins[0], nodes: pins, content: {} },
    Mutation: { addPin: { pin: pins[0], candidates: pins }, removePins: pins.map((pin) => ({ pin })) },
    Content: { pins, services: [{ pins }] },
  }
  for (const [type, fields] of Object.entries(resolvers)) {
    const known = (schema.getType(type) as GraphQLObjectType).getFields()
    for (const [name, value] of Object.entries(fields)) Object.assign(known[name] ?? {}, { resolve: give(value) })
  }
  const limits = { ...parseConfig({}), maxOperationFields: MAX_FIELDS }
  const limiter = new Limiter(schema, limits, { services: 1, stopIn: () => new Stop() })
  const document = parse(query)
  expect(validate(schema, document)).toEqual([])
  const contextValue = {}
  return limiter.fitting(await execute({ schema, document, contextValue }), contextValue, (result) => result)
}

const pinWith = (delegates: number) => ({
  requestId: 'r',
  delegates: Array.from({ length: delegates }, (_, port) => `/ip4/203.0.113.1/tcp/${port}`),
  origins: [],
})

const WAYS = [
  'pins { nodes { delegates } }',
  'pins { edges { node { delegates } } }',
  'pins { nodes { ...A ...B } }',
  'pin(id: "a") { delegates }',
  'node(id: "a") { ... on Pin { delegates } }',
  'nodes(ids: ["a"]) { ... on Pin { delegates } }',
  'content(cid: "a") { pins { delegates } }',
  'content(cid: "a") { services { pins { delegates } } }',
  'mutation addPin(input: { cid: "a" }) { pin { delegates } }',
  'mutation addPin(input: { cid: "a" }) { candidates { delegates } }',
  'mutation removePins(input: { service: "a", filter: {}, dryRun: true }) { pin { delegates } }',
].map((way) => {
  const [, kind = 'query', field = ''] = /^(mutation)? ?(.*)$/.exec(way) ?? []
  const fragments = way.includes('...A') ? 'fragment A on Pin { ...B } fragment B on Pin { origins delegates }' : ''
  return [way, `${kind} { ${field} } ${fragments}`] as const
})

it.each(WAYS)('texts of a pin count as fields, wherever the pin is: %s', async (_way, query) => {
  for (const byPromises of [false, true]) {
    expect(await answerTo(query, [pinWith(MAX_FIELDS + 1)], byPromises)).toMatchObject({
      errors: [{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'fields' } }],
      data: null,
    })
    // The pin itself counts as a field, too, in a list whose length nobody knew before.
    const few = await answerTo(query, [pinWith(MAX_FIELDS - 1)], byPromises)
    expect(JSON.stringify(few)).toContain(`tcp/${MAX_FIELDS - 2}"`)
  }
})

it('texts of all pins of a page count, and for each alias', async () => {
  const refused = { data: null, errors: [{ extensions: { what: 'fields', cost: MAX_FIELDS + 2 } }] }
  const pins = [pinWith(MAX_FIELDS / 2), pinWith(MAX_FIELDS / 2 + 2)]
  expect(await answerTo('{ pins { nodes { delegates } } }', pins)).toMatchObject(refused)
  expect(await answerTo('{ pins { nodes { a: delegates b: delegates } } }', pins.slice(0, 1))).toHaveProperty(
    'data.pins',
  )
  expect(
    await answerTo('{ pins { nodes { a: delegates b: delegates c: delegates } } }', pins.slice(0, 1)),
  ).toMatchObject({ data: null })
})

it('twenty texts of a pin, as many as the API allows, do not count', async () => {
  const pins = Array.from({ length: MAX_FIELDS }, () => pinWith(20))
  expect(await answerTo('{ pins { nodes { delegates } } }', pins)).not.toHaveProperty('errors')
})
