import { afterEach, describe, expect, it } from 'vitest'
import type { Cid } from '../../../src/domain/cid.ts'
import type { NewPin } from '../../../src/domain/pin.ts'
import { formatPinId, type PinRef } from '../../../src/domain/pin-id.ts'
import { MemoryWriteRecords } from '../../../src/upstream/writes/memory-write-records.ts'
import type { WriteRecord } from '../../../src/upstream/writes/write-records.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { type Bugs, type FaultyServer, startFaultyServer } from '../../support/start-faulty-server.ts'
import { ALICE } from '../../support/start-test-api.ts'

const MASKED = { code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' }
/** graphql-js runs an operation when it comes for the first time, and graphql-jit from then on. */
const RUNS = ['first', 'compiled', 'compiled again']

let server: FaultyServer

afterEach(() => server[Symbol.asyncDispose]())

function bug(isHere: boolean): undefined {
  if (isHere) throw new TypeError('secret detail')
}

/** Sends an operation several times. Each run must log its bug once, under its request id. */
async function answersOf(query: string, variablesOf: () => Record<string, unknown> = () => ({})): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const _run of RUNS) {
    const logged = server.errors.length
    const { id, body } = await server.query(query, variablesOf())
    expect(server.errors.slice(logged)).toMatchObject([
      { msg: 'Unexpected error', requestId: id, err: { type: 'TypeError', message: 'secret detail' } },
    ])
    answers.push(JSON.parse(JSON.stringify(body).replaceAll(`${id}`, 'REQUEST')))
  }
  return answers
}

/** The same answer in every run. */
const always = (answer: unknown) => RUNS.map(() => answer)

/** Stores three pins at service `one`, the second of which is the one with the bug. Returns their global ids. */
function seed(): string[] {
  const pins = [0, 1, 2].map((n) => ({
    cid: exampleCid(n),
    name: n === 1 ? 'bug' : `pin ${n}`,
    status: 'pinned' as const,
  }))
  return server.services.one.seed(ALICE, pins).map(({ requestId, cid }) => {
    return formatPinId({ service: 'one', requestId, cid: { text: cid } })
  })
}

const requestIdOf = (name: string) => server.services.one.pins(ALICE).find((pin) => pin.name === name)?.requestId

describe('a bug in one change is the error of that change, and the others keep their outcomes:', () => {
  const ADD = `mutation ($pins: [AddPinInput!]!) {
    addPins(input: { pins: $pins }) { pin { name } error { code message } }
  }`
  const ADDED = {
    data: {
      addPins: [
        { pin: { name: 'first' }, error: null },
        { pin: null, error: MASKED },
        { pin: { name: 'third' }, error: null },
      ],
    },
  }
  const pins = ['first', 'bug', 'third'].map((name, index) => ({ cid: exampleCid(index), name }))

  it('addPins', async () => {
    server = await startFaultyServer({ addPin: (_service, { name }: NewPin) => bug(name === 'bug') })

    expect(await answersOf(ADD, () => ({ pins }))).toEqual(always(ADDED))
    expect(server.services.one.pins(ALICE)).toHaveLength(2 * RUNS.length)
  })

  it('addPins, while the records of writes have the bug', async () => {
    class BadRecords extends MemoryWriteRecords {
      override async begin(record: WriteRecord): Promise<boolean> {
        bug(record.write.pin.name === 'bug')
        return super.begin(record)
      }
    }
    server = await startFaultyServer({}, new BadRecords(Date.now))

    expect(await answersOf(ADD, () => ({ pins }))).toEqual(always(ADDED))
  })

  it('addPin, which keeps what other fields of the operation have done', async () => {
    server = await startFaultyServer({ addPin: (_service, { name }: NewPin) => bug(name === 'bug') })
    const query = `mutation ($a: AddPinInput!, $b: AddPinInput!) {
      a: addPin(input: $a) { pin { name } }
      b: addPin(input: $b) { pin { name } error { code message } idempotencyKey }
    }`
    const [a, b] = pins

    expect(await answersOf(query, () => ({ a, b: { ...b, idempotencyKey: 'key-of-b' } }))).toEqual(
      always({
        data: { a: { pin: { name: 'first' } }, b: { pin: null, error: MASKED, idempotencyKey: 'key-of-b' } },
      }),
    )
  })

  const COPY =
    'mutation ($ids: [ID!]!) { copyPins(input: { ids: $ids, to: "two" }) { pin { name } error { code message } } }'
  const COPIED = {
    data: {
      copyPins: [
        { pin: { name: 'pin 0' }, error: null },
        { pin: null, error: MASKED },
        { pin: { name: 'pin 2' }, error: null },
      ],
    },
  }

  it.each<[string, Bugs]>([
    ['the lookup', { lookupPin: (_service, ref: PinRef) => bug(ref.requestId === requestIdOf('bug')) }],
    ['the add', { addPin: (_service, { name }: NewPin) => bug(name === 'bug') }],
  ])('copyPins, in %s', async (_where, bugs) => {
    server = await startFaultyServer(bugs)
    const ids = seed()

    expect(await answersOf(COPY, () => ({ ids }))).toEqual(always(COPIED))
  })

  const REMOVE = `mutation ($input: RemovePinsInput!) {
    removePins(input: $input) { pinId removedId error { code message } }
  }`
  const removalsOf = ([a, b, c]: readonly string[]) => ({
    data: {
      removePins: [
        { pinId: a, removedId: a, error: null },
        { pinId: b, removedId: null, error: MASKED },
        { pinId: c, removedId: c, error: null },
      ],
    },
  })
  const failsToRemove: Bugs = { removePin: (_service, requestId: string) => bug(requestId === requestIdOf('bug')) }

  it('removePins by ids', async () => {
    server = await startFaultyServer(failsToRemove)
    const removed: unknown[] = []
    const answers = await answersOf(REMOVE, () => {
      server.services.one.forgetAll()
      const ids = seed()
      removed.push(removalsOf(ids))
      return { input: { ids } }
    })

    expect(answers).toEqual(removed)
  })

  it('removePins by a filter', async () => {
    server = await startFaultyServer(failsToRemove)
    const removed: unknown[] = []
    const answers = await answersOf(REMOVE, () => {
      server.services.one.forgetAll()
      removed.push(removalsOf(seed().reverse()))
      return { input: { filter: { status: ['PINNED'] } } }
    })

    expect(answers).toEqual(removed)
  })

  it('removePins by a filter, of which no pin could be listed', async () => {
    server = await startFaultyServer({ openStreams: () => bug(true) })

    expect(await answersOf(REMOVE, () => ({ input: { filter: { status: ['PINNED'] } } }))).toEqual(
      always({ data: { removePins: [{ pinId: null, removedId: null, error: MASKED }] } }),
    )
  })

  it('removePins as a dry run', async () => {
    server = await startFaultyServer({
      lookupPin: (_service, ref: PinRef) => bug(ref.requestId === requestIdOf('bug')),
    })
    const ids = seed()
    const query = REMOVE.replace('removedId', 'pin { name }')

    expect(await answersOf(query, () => ({ input: { ids, dryRun: true } }))).toEqual(
      always({
        data: {
          removePins: [
            { pinId: ids[0], pin: { name: 'pin 0' }, error: null },
            { pinId: ids[1], pin: null, error: MASKED },
            { pinId: ids[2], pin: { name: 'pin 2' }, error: null },
          ],
        },
      }),
    )
  })

  it('removePin', async () => {
    server = await startFaultyServer(failsToRemove)
    const [, id] = seed()
    const query = 'mutation ($id: ID!) { removePin(input: { id: $id }) { pinId removedId error { code message } } }'

    expect(await answersOf(query, () => ({ id }))).toEqual(
      always({ data: { removePin: { pinId: id, removedId: null, error: MASKED } } }),
    )
  })

  it('replacePin', async () => {
    server = await startFaultyServer({ replacePin: () => bug(true) })
    const [id] = seed()
    const query =
      'mutation ($id: ID!) { replacePin(input: { id: $id, name: "new" }) { pin { id } replacedId error { code message } } }'

    expect(await answersOf(query, () => ({ id }))).toEqual(
      always({ data: { replacePin: { pin: null, replacedId: null, error: MASKED } } }),
    )
  })
})

describe('a bug in one service is the error of that service, and the others are shown:', () => {
  const BAD_STREAM = { peek: async () => bug(true), leftOut: [] }
  const atTwo = (service: string) => bug(service === 'two')
  const seedOne = () => server.services.one.seed(ALICE, [{ cid: exampleCid(1), name: 'here', status: 'pinned' }])

  it.each<[string, Bugs]>([
    ['a stream that cannot be opened', { openStreams: atTwo }],
    [
      'a stream that fails when it is read',
      { openStreams: (service) => (service === 'two' ? [BAD_STREAM] : undefined) },
    ],
  ])('pins, with %s', async (_what, bugs) => {
    server = await startFaultyServer(bugs)
    seedOne()
    const query =
      '{ pins(services: ["one", "two"]) { nodes { name } totalCount totalCountError { code } warnings { code message } } }'

    expect(await answersOf(query)).toEqual(
      always({
        data: {
          pins: {
            nodes: [{ name: 'here' }],
            totalCount: null,
            totalCountError: { code: MASKED.code },
            warnings: [MASKED],
          },
        },
      }),
    )
  })

  it('totalCount', async () => {
    server = await startFaultyServer({ countPins: atTwo })
    seedOne()
    const page = { pins: { pageInfo: { endCursor: '' } } }
    const { body } = await server.query('{ pins { pageInfo { endCursor } } }')
    const after = (body as { data: typeof page }).data.pins.pageInfo.endCursor
    const query = `{ pins(services: ["one", "two"], after: "${after}") {
      nodes { name }
      totalCount
      totalCountError { code message }
    } }`

    expect(await answersOf(query)).toEqual(
      always({ data: { pins: { nodes: [], totalCount: null, totalCountError: MASKED } } }),
    )
  })

  it('pinCounts', async () => {
    server = await startFaultyServer({ countPins: atTwo })
    seedOne()

    expect(await answersOf('{ services { name pinCounts { pinned error { code message } } } }')).toEqual(
      always({
        data: {
          services: [
            { name: 'one', pinCounts: { pinned: 1, error: null } },
            { name: 'two', pinCounts: { pinned: null, error: MASKED } },
          ],
        },
      }),
    )
  })

  it('content', async () => {
    server = await startFaultyServer({ lookupContent: atTwo })
    seedOne()
    const query = `{ content(cid: "${exampleCid(1)}") {
      pins { name }
      services { service { name } pins { name } error { code message } }
    } }`

    expect(await answersOf(query)).toEqual(
      always({
        data: {
          content: {
            pins: [{ name: 'here' }],
            services: [
              { service: { name: 'one' }, pins: [{ name: 'here' }], error: null },
              { service: { name: 'two' }, pins: null, error: MASKED },
            ],
          },
        },
      }),
    )
  })
})

describe('a bug in one lookup is the error of that element, and the others are shown:', () => {
  it('nodes', async () => {
    server = await startFaultyServer({
      lookupPin: (_service, ref: PinRef) => bug(ref.requestId === requestIdOf('bug')),
    })
    const ids = seed()

    expect(
      await answersOf('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Pin { name } } }', () => ({ ids })),
    ).toEqual(
      always({
        data: { nodes: [{ name: 'pin 0' }, null, { name: 'pin 2' }] },
        errors: [
          {
            message: MASKED.message,
            locations: [{ line: 1, column: 24 }],
            path: ['nodes', 1],
            extensions: { code: MASKED.code, requestId: 'REQUEST' },
          },
        ],
      }),
    )
  })

  it('contents', async () => {
    server = await startFaultyServer({
      lookupContent: (service, { text }: Cid) => bug(service === 'two' && text === exampleCid(1)),
    })
    seed()
    const query =
      'query ($cids: [CID!]!) { contents(cids: $cids) { cid services { pins { name } error { code message } } } }'

    const [first, ...others] = (await answersOf(query, () => ({ cids: [exampleCid(0), exampleCid(1)] }))) as unknown[]
    expect(first).toEqual({
      data: {
        contents: [
          {
            cid: exampleCid(0),
            services: [
              { pins: [{ name: 'pin 0' }], error: null },
              { pins: [], error: null },
            ],
          },
          {
            cid: exampleCid(1),
            services: [
              { pins: [{ name: 'bug' }], error: null },
              { pins: null, error: MASKED },
            ],
          },
        ],
      },
    })
    expect(others).toEqual([first, first])
  })
})
