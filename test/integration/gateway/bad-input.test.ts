import { describe, expect, it } from 'vitest'
import { formatPinId, formatServiceId } from '../../../src/domain/pin-id.ts'
import {
  badInput,
  type ErrorParts,
  failedPayload,
  shownError,
  thrownError,
} from '../../support/gateway/expected-errors.ts'
import { OPERATION_DOCUMENTS, type Operation } from '../../support/gateway/operation-documents.ts'
import { OPERATION_META, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

const cid = exampleCid(1)
const id = formatPinId({ service: 'one', requestId: 'r1', cid: { text: cid } })
const foreignId = formatPinId({ service: 'two', requestId: 'r1', cid: { text: cid } })
const peer = 'QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const origin = (n: number) => `/ip4/203.0.113.${n}/tcp/4001/p2p/${peer}`

const A_CID = 'a CID such as "bafybei…" or "Qm…"'
const A_TIME = 'an RFC 3339 timestamp such as "2026-01-31T12:00:00.000Z"'
const A_MULTIADDR = 'a multiaddr that ends in /p2p/{peerId}'
const AN_ID = 'an id that pinql gave out'
const A_FIRST = 'a number from 1 to 1000, or null for 10'

type Case = [
  what: string,
  operation: Operation,
  variables: object,
  argument: string,
  expected: string,
  received: unknown,
]

const input = (more: object) => ({ input: { cid, ...more } })
const filter = (more: object) => ({ filter: more })
const long = 'ä'.repeat(256)
const manyOrigins = Array.from({ length: 21 }, (_, n) => origin(n))

const CASES: Case[] = [
  ['a CID that is none', 'addPin', input({ cid: 'hello' }), 'input.cid', A_CID, 'hello'],
  ['an empty CID', 'addPin', input({ cid: '' }), 'input.cid', A_CID, ''],
  ['a multiaddr that is none', 'addPin', input({ origins: ['peer'] }), 'input.origins[0]', A_MULTIADDR, 'peer'],
  [
    'a multiaddr without a peer id',
    'addPin',
    input({ origins: [origin(1), '/ip4/203.0.113.1/tcp/4001'] }),
    'input.origins[1]',
    A_MULTIADDR,
    '/ip4/203.0.113.1/tcp/4001',
  ],
  [
    'more than 20 origins',
    'addPin',
    input({ origins: manyOrigins }),
    'input.origins',
    'at most 20 multiaddrs',
    '21 multiaddrs',
  ],
  [
    'a name over 255 characters',
    'addPin',
    input({ name: long }),
    'input.name',
    'at most 255 characters',
    '256 characters',
  ],
  ['meta with a number', 'addPin', input({ meta: { app: 'x', size: 7 } }), 'input.meta.size', 'a string', 7],
  ['meta with null', 'addPin', input({ meta: { app: null } }), 'input.meta.app', 'a string', null],
  ['meta that is a list', 'addPin', input({ meta: ['a'] }), 'input.meta', 'an object whose values are strings', ['a']],
  ['meta that is text', 'addPin', input({ meta: 'a' }), 'input.meta', 'an object whose values are strings', 'a'],
  ['a CID that is none', 'replacePin', input({ id, cid: 'bafy' }), 'input.cid', A_CID, 'bafy'],
  ['an id that is none', 'replacePin', input({ id: 'nonsense' }), 'input.id', AN_ID, 'nonsense'],
  ['an id that is none', 'removePin', { input: { id: '' } }, 'input.id', AN_ID, ''],
  [
    'the id of a service',
    'removePin',
    { input: { id: formatServiceId('one') } },
    'input.id',
    'the id of a Pin',
    'the id of a Service',
  ],
  ['an id that is none', 'pin', { id: 'r1' }, 'id', AN_ID, 'r1'],
  ['both id and requestId', 'pin', { id, requestId: 'r1' }, 'id', 'either id or requestId', 'both'],
  ['neither id nor requestId', 'pin', { service: 'one' }, 'id', 'either id or requestId', 'neither'],
  [
    'a request id over 1,024 characters',
    'pin',
    { service: 'one', requestId: 'r'.repeat(1_025) },
    'requestId',
    'at most 1024 characters',
    '1025 characters',
  ],
  [
    'an id of another service',
    'pin',
    { id: foreignId, service: 'one' },
    'id',
    'the id of a pin at one',
    'the id of a pin at two',
  ],
  ['first: -1', 'pins', { first: -1 }, 'first', A_FIRST, -1],
  ['first: 5000', 'pins', { first: 5000 }, 'first', A_FIRST, 5000],
  ['a cursor that is none', 'pins', { after: 'abc' }, 'after', 'a cursor that pinql gave out', 'abc'],
  ['no services', 'pins', { services: [] }, 'services', 'at least one name, or null for the default service one', []],
  ['a CID that is none', 'pins', filter({ cid: [cid, 'no'] }), 'filter.cid[1]', A_CID, 'no'],
  ['more than 100 CIDs', 'pins', filter({ cid: Array(101).fill(cid) }), 'filter.cid', 'at most 100 CIDs', '101 CIDs'],
  [
    'a name over 255 characters',
    'pins',
    filter({ name: long }),
    'filter.name',
    'at most 255 characters',
    '256 characters',
  ],
  ['a time that is none', 'pins', filter({ createdBefore: 'yesterday' }), 'filter.createdBefore', A_TIME, 'yesterday'],
  [
    'a day that is none',
    'pins',
    filter({ createdAfter: '2026-02-30T00:00:00Z' }),
    'filter.createdAfter',
    A_TIME,
    '2026-02-30T00:00:00Z',
  ],
  [
    'meta that fits into no URL',
    'pins',
    filter({ meta: { a: 'x'.repeat(4_096) } }),
    'filter.meta',
    'at most 4096 characters',
    '4097 characters',
  ],
  ['meta with a boolean', 'pins', filter({ meta: { a: true } }), 'filter.meta.a', 'a string', true],
]

/** The whole answer to an operation that fails with this error. */
function failure(operation: Operation, error: ErrorParts, pinId?: string): object {
  switch (operation) {
    case 'pins':
      return { data: null, errors: [thrownError(error, 'result')] }
    case 'pin':
      return { data: { result: null }, errors: [thrownError(error, 'result')] }
    case 'addPin':
      return { data: { result: failedPayload(error) } }
    case 'replacePin':
      return { data: { result: failedPayload(error, { replacedId: null }) } }
    case 'removePin':
      return { data: { result: { pinId, pin: null, error: shownError(error) } } }
  }
}

describe('bad input', () => {
  it.each(CASES)(
    'refuses %s (%s), and sends no request',
    async (_what, operation, variables, argument, expected, received) => {
      await using setup = await startSetup()

      const answer = await setup.api.query(OPERATION_DOCUMENTS[operation], { ...variables })

      const pinId = (variables as { input?: { id?: string } }).input?.id
      expect(answer).toEqual(failure(operation, badInput(argument, expected, received), pinId))
      expect(setup.service.count()).toBe(0)
    },
  )

  it.each([
    ['pin', { id: foreignId }],
    ['pin', { service: 'two', requestId: 'r1' }],
    ['pins', { services: ['two'] }],
    ['addPin', input({ service: 'two' })],
    ['replacePin', input({ id: foreignId })],
    ['removePin', { input: { id: foreignId } }],
  ] as const)('refuses a service that is not configured (%s %j), and asks nobody', async (operation, variables) => {
    await using setup = await startSetup()

    const error: ErrorParts = {
      code: 'UNKNOWN_SERVICE',
      message: 'Unknown service "two": expected one of one',
      service: 'two',
      known: ['one'],
    }
    expect(await setup.api.query(OPERATION_DOCUMENTS[operation], { ...variables })).toEqual(
      failure(operation, error, foreignId),
    )
    expect(setup.service.count()).toBe(0)
  })

  it('takes a name of 255 characters, however many bytes those are', async () => {
    await using setup = await startSetup()
    const name = '🧷'.repeat(255)

    await setup.api.query(OPERATION_DOCUMENTS.addPin, input({ name }))

    expect(setup.service.requests.map(({ body }) => JSON.parse(body))).toEqual([{ cid, name, meta: OPERATION_META }])
  })

  it('reports an invalid CID as an error of its field or element, and answers the rest', async () => {
    await using setup = await startSetup()
    const { api, service } = setup

    const { data, errors } = await api.query(
      `query ($bad: CID!, $cids: [CID!]!) {
        services { name }
        content(cid: $bad) { cid }
        contents(cids: $cids) { cid }
      }`,
      { bad: 'x', cids: [cid, 'y', cid] },
    )

    expect(data).toEqual({ services: [{ name: 'one' }], content: null, contents: [{ cid }, null, { cid }] })
    expect(errors).toHaveLength(2)
    expect(errors).toEqual(
      expect.arrayContaining([
        thrownError(badInput('cid', A_CID, 'x'), 'content'),
        thrownError(badInput('cids[1]', A_CID, 'y'), 'contents', 1),
      ]),
    )
    expect(service.count()).toBe(0)
  })

  it('reports an invalid id as an error of its element of nodes', async () => {
    await using setup = await startSetup()

    expect(
      await setup.api.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: ['x', formatServiceId('one')] }),
    ).toEqual({
      data: { nodes: [null, { id: formatServiceId('one') }] },
      errors: [thrownError(badInput('ids[0]', AN_ID, 'x'), 'nodes', 0)],
    })
    expect(setup.service.count()).toBe(0)
  })

  it.each([
    ['nodes(ids: $many)', '$many: [ID!]!', 'ids', 'ids'],
    ['contents(cids: $many)', '$many: [CID!]!', 'cids', 'CIDs'],
  ])('refuses more than 1,000 at once (%s), and asks nobody', async (field, variable, argument, unit) => {
    await using setup = await startSetup()

    const answer = await setup.api.query(`query (${variable}) { result: ${field} { __typename } }`, {
      many: Array(1001).fill(cid),
    })

    const error = badInput(argument, `at most 1000 ${unit}`, `1001 ${unit}`)
    expect(answer).toEqual({ data: null, errors: [thrownError(error, 'result')] })
    expect(setup.service.count()).toBe(0)
  })

  it.each([
    ['a CID that is a number', '{ content(cid: 5) { cid } }', 'CID: expected a string, got 5'],
    [
      'a status that is none',
      '{ pins(filter: { status: [LOST] }) { __typename } }',
      'Value "LOST" does not exist in "PinStatus" enum.',
    ],
    [
      'a field that is none',
      '{ pinz { __typename } }',
      'Cannot query field "pinz" on type "Query". Did you mean "pin" or "pins"?',
    ],
    [
      'an argument that is none',
      '{ pins(service: "one") { __typename } }',
      'Unknown argument "service" on field "Query.pins". Did you mean "services"?',
    ],
  ])('leaves %s to GraphQL', async (_what, document, message) => {
    await using setup = await startSetup()

    expect(await setup.api.query(document)).toEqual({ errors: [{ message }] })
    expect(setup.service.count()).toBe(0)
  })
})
