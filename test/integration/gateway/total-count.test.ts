import { describe, expect, it } from 'vitest'
import {
  ERROR_FIELDS,
  type ErrorParts,
  lateRead,
  shownError,
  unreachable,
} from '../../support/gateway/expected-errors.ts'
import { requestsAt, second, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { json, type ScriptedHandler, startScriptedServer } from '../../support/scripted-server.ts'
import { ALICE, type Answer, startTestApi } from '../../support/start-test-api.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const COUNT_FIELDS = `totalCount totalCountError { ${ERROR_FIELDS} }`
const PAGE = `query ($services: [String!], $after: Cursor, $count: Boolean = true) {
  pins(services: $services, first: 10, after: $after) {
    nodes { name }
    pageInfo { endCursor }
    ... @include(if: $count) { ${COUNT_FIELDS} }
    warnings { code }
  }
}`

const endCursorOf = ({ data }: Pick<Answer, 'data'>): string => data.pins.pageInfo.endCursor
const names = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, n) => ({ name: `pin ${from - n}` }))

describe('totalCount', () => {
  it('costs nothing on the first page, and one request more on a later one', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    seedPins(service, 25)
    const counted = { pageInfo: { endCursor: expect.any(String) }, totalCount: 25, totalCountError: null, warnings: [] }

    const first = await api.query(PAGE)
    expect(first).toEqual({ data: { pins: { nodes: names(25, 16), ...counted } } })
    expect(service.count()).toBe(1)

    const second = await api.query(PAGE, { after: endCursorOf(first) })
    expect(second).toEqual({ data: { pins: { nodes: names(15, 6), ...counted } } })
    expect(service.count()).toBe(3)
    expect(service.requests.at(-1)?.query.get('limit')).toBe('1')
  })

  it.each(['totalCount', 'totalCountError { code }'])('costs one request also for %s alone', async (field) => {
    await using setup = await startSetup()
    const { service, api } = setup
    seedPins(service, 25)
    const after = endCursorOf(await api.query(PAGE))
    service.resetLog()

    await api.query(`query ($after: Cursor) { pins(after: $after) { nodes { name } ${field} } }`, { after })

    expect(requestsAt(service)).toEqual(['GET /pins', 'GET /pins'])
  })

  it('is null for a number that no Int can hold, and takes nothing else with it', async () => {
    await using upstream = await startScriptedServer()
    const results = Array.from({ length: 11 }, (_, index) => ({
      requestid: `r${index}`,
      status: 'pinned',
      created: `2026-01-31T12:00:${20 - index}Z`,
      pin: { cid: exampleCid(index + 1), name: `pin ${20 - index}` },
      delegates: [],
    }))
    upstream.reply(json(200, { count: 3_000_000_000, results }))
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })

    expect(await api.query('{ pins { nodes { name } totalCount totalCountError { code } } }')).toEqual({
      data: { pins: { nodes: names(20, 11), totalCount: null, totalCountError: null } },
    })
    upstream.assertDone()
  })

  it('costs nothing when neither it nor its error is selected', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    seedPins(service, 25)
    const after = endCursorOf(await api.query(PAGE))
    service.resetLog()

    const { data } = await api.query(PAGE, { after, count: false })

    expect(data.pins.nodes).toEqual(names(15, 6))
    expect(requestsAt(service)).toEqual(['GET /pins'])
  })

  it('is null without an error where the service says that it has stopped counting, and is asked for no further', async () => {
    const stored = Array.from({ length: 30 }, (_, n) => pinBody(n))
    await using upstream = await startScriptedServer()
    const answer: ScriptedHandler = (response, request, signal) => {
      const before = request.query.get('before') ?? '9'
      const results = stored.filter(({ created }) => created < before).slice(0, Number(request.query.get('limit')))
      return json(200, { count: 2000, results })(response, request, signal)
    }
    upstream.reply(answer, answer, answer)
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint, provider: 'pinql' }] })
    const COUNTED = `query ($after: Cursor) {
      pins(after: $after, filter: { name: "photo", match: PARTIAL }) { ${COUNT_FIELDS} pageInfo { endCursor } }
    }`
    const uncounted = { pageInfo: { endCursor: expect.any(String) }, totalCount: null, totalCountError: null }

    const first = await api.query(COUNTED)
    expect(first).toEqual({ data: { pins: uncounted } })
    expect(upstream.requests).toHaveLength(1)
    expect(await api.query(COUNTED, { after: endCursorOf(first) })).toEqual({ data: { pins: uncounted } })
    expect(upstream.requests.map(({ query }) => query.get('limit'))).toEqual(['11', '12', '1'])
  })
})

describe('totalCountError', () => {
  it('is the reason why nothing is counted, beside a page that is there all the same, for one try of it', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    seedPins(service, 25)
    const after = endCursorOf(await api.query(PAGE))
    service.resetLog()
    service.hooks.beforeReply = ({ query }) => {
      // The page is read; what counts is not. It is sent three times, as every read is, and then as a trial now and then.
      if (query.get('limit') === '1') return { status: 503, headers: {}, body: '' }
      return undefined
    }

    const error: ErrorParts = {
      code: 'SERVICE_UNAVAILABLE',
      message: 'one answered 503',
      service: 'one',
      mayHaveActed: false,
    }
    expect(await api.query(PAGE, { after })).toEqual({
      data: {
        pins: {
          nodes: names(15, 6),
          pageInfo: { endCursor: expect.any(String) },
          totalCount: null,
          totalCountError: shownError(error),
          warnings: [],
        },
      },
    })
    expect(service.requests.map(({ query, status }) => [query.get('limit'), status])).toEqual([
      ['12', 200],
      ...Array(service.requests.length - 1).fill(['1', 503]),
    ])
    expect(service.requests.length).toBeLessThanOrEqual(15)
  })

  it("is the service's, and not the request's, when the time for the whole request is over", async () => {
    await using service = await startEmulatedProvider(compliant)
    seedPins(service, 25)
    await using gateway = await startTestGateway({
      // The number of pins is asked with a list of one pin where the meaning of `count` is known.
      services: {
        one: { endpoint: service.endpoint, token: ALICE, capabilities: { count: 'matching', multiStatus: true } },
      },
      requestTimeoutMs: 1000,
    })
    const after = endCursorOf(await gateway.query(PAGE))
    service.resetLog()
    service.hooks.beforeReply = ({ query }) => (query.get('limit') === '1' ? new Promise(() => {}) : undefined)

    expect(await gateway.query(PAGE, { after })).toEqual({
      data: {
        pins: {
          nodes: names(15, 6),
          pageInfo: { endCursor: expect.any(String) },
          totalCount: null,
          totalCountError: shownError(lateRead('one')),
          warnings: [],
        },
      },
    })
    expect(service.requests.map(({ query }) => query.get('limit'))).toEqual(['12', '1'])
  })

  it('is the warning of the service that is down, which is not asked again', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    seedPins(services.one, 3)
    await services.two[Symbol.asyncDispose]()

    expect(await api.query(PAGE, { services: ['one', 'two'] })).toEqual({
      data: {
        pins: {
          nodes: names(3, 1),
          pageInfo: { endCursor: expect.any(String) },
          totalCount: null,
          totalCountError: shownError(unreachable('two')),
          warnings: [{ code: 'SERVICE_UNAVAILABLE' }],
        },
      },
    })
    expect(requestsAt(services.one)).toEqual(['GET /pins'])
  })
})

/** The n-th newest pin, as a service shows it. */
function pinBody(n: number) {
  return {
    requestid: `r${n}`,
    status: 'pinned',
    created: new Date(Number(second(0) / 1_000_000n) - n * 1000).toISOString(),
    pin: { cid: exampleCid(n), name: `photo ${n}` },
    delegates: [],
  }
}
