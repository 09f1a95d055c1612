import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../../support/gateway/every-transport.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

// What strangers learn of the schema, by every way in.

const HIDDEN = { upstream: 'http://127.0.0.1:9', graphiql: false, introspection: false, suggestions: false }

const INTROSPECTIONS = {
  __schema: { query: '{ __schema { queryType { name } } }' },
  __type: { query: '{ __type(name: "Pin") { fields { name } } }' },
  'a fragment': { query: '{ ...f } fragment f on Query { s: __schema { types { name } } }' },
  'a skipped field': { query: 'query ($no: Boolean = false) { __schema @include(if: $no) { types { name } } }' },
}
/** Mistakes for which graphql-js suggests a name: in the document, and in variables. */
const MISTAKES = {
  'a field': { query: '{ servces { name } }' },
  'an argument': { query: '{ pins(frst: 1) { nodes { id } } }' },
  'a type': { query: 'query ($a: AddPinInpt) { __typename }' },
  'an enum value': { query: '{ pins(filter: { status: [PINED] }) { nodes { id } } }' },
  'a field of an input': { query: '{ pins(filter: { staus: PINNED }) { nodes { id } } }' },
  'a variable': {
    query: 'query ($f: PinFilter) { pins(filter: $f) { nodes { id } } }',
    variables: { f: { staus: ['PINNED'] } },
  },
  'an enum value in a variable': {
    query: 'query ($f: PinFilter) { pins(filter: $f) { nodes { id } } }',
    variables: { f: { status: ['PINED'] } },
  },
}

describe.each(Object.entries(TRANSPORTS))('by %s', (_, ask) => {
  let hidden: TestGateway
  let open: TestGateway
  beforeAll(async () => {
    hidden = await startTestGateway(HIDDEN)
    open = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
  })
  afterAll(async () => {
    await hidden[Symbol.asyncDispose]()
    await open[Symbol.asyncDispose]()
  })

  it.each(Object.entries(INTROSPECTIONS))('the schema is not shown: %s', async (_name, operation) => {
    expect(await ask(open.url, operation)).not.toContain('"errors"')
    const answer = await ask(hidden.url, operation)
    expect(answer).toContain('GraphQL introspection has been disabled')
    expect(answer).not.toContain('"data":{')
  })

  it('the name of a type is still shown, as clients need it', async () => {
    expect(await ask(hidden.url, { query: '{ __typename }' })).toBe('{"data":{"__typename":"Query"}}')
  })

  it.each(Object.entries(MISTAKES))('no name is suggested for a mistake: %s', async (_name, operation) => {
    expect(await ask(open.url, operation)).toContain('Did you mean')
    const answer = await ask(hidden.url, operation)
    expect(answer).toContain('"errors"')
    expect(answer).not.toContain('Did you mean')
  })

  it('a mistake of a megabyte is not sent back', async () => {
    const name = 'x'.repeat(ask === TRANSPORTS.GET ? 5_000 : 60_000)
    for (const operation of [
      { query: `{ ${name} }` },
      { query: 'query ($n: Int) { pins(first: $n) { nodes { id } } }', variables: { n: name } },
    ])
      expect((await ask(open.url, operation)).length).toBeLessThan(3_000)
  })
})

describe('beyond loopback', () => {
  const settings = { upstream: 'http://127.0.0.1:9', host: '127.0.0.1', allowedHosts: ['pins.example'] }

  it('GraphiQL, introspection and suggestions are off', async () => {
    await using gateway = await startTestGateway(settings)
    expect((await gateway.query('{ __schema { queryType { name } } }')).data).toBeUndefined()
    const { errors } = await gateway.query('{ servces { name } }')
    expect(errors?.[0]?.message).toBe('Cannot query field "servces" on type "Query".')
    const page = await fetch(gateway.url, { headers: { accept: 'text/html' } })
    expect([page.status, await page.json()]).toEqual([
      404,
      { message: 'GraphiQL is off: the setting graphiql shows it' },
    ])
  })

  it('they can be set', async () => {
    await using gateway = await startTestGateway({
      ...settings,
      graphiql: true,
      introspection: true,
      suggestions: true,
    })
    expect((await gateway.query('{ __schema { queryType { name } } }')).errors).toBeUndefined()
    expect((await gateway.query('{ servces { name } }')).errors?.[0]?.message).toContain('Did you mean')
    const page = await fetch(gateway.url, { headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('<title>pinql</title>')
  })
})
