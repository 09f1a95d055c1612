import { describe, expect, it } from 'vitest'
import {
  ERROR_FIELDS,
  type ErrorParts,
  lateRead,
  shownError,
  unreachable,
} from '../../support/gateway/expected-errors.ts'
import { requestsAt, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, startTestApi } from '../../support/start-test-api.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const COUNTS = `{ services { name pinCounts { queued pinning pinned failed error { ${ERROR_FIELDS} } } } }`

const counted = (queued: number, pinning: number, pinned: number, failed: number) => ({
  queued,
  pinning,
  pinned,
  failed,
  error: null,
})
const uncounted = (error: ErrorParts) => ({
  queued: null,
  pinning: null,
  pinned: null,
  failed: null,
  error: shownError(error),
})

describe('pinCounts', () => {
  it('count their pins by status with four requests of one pin, where their counts are known to be right', async () => {
    await using setup = await startSetup({ provider: 'embedded' })
    const { service, api } = setup
    const statuses = ['queued', 'pinning', 'pinning', 'pinned', 'pinned', 'pinned'] as const
    service.seed(
      ALICE,
      statuses.map((status, n) => ({ cid: exampleCid(n), status })),
    )

    expect(await api.query(COUNTS)).toEqual({
      data: {
        services: [{ name: 'one', pinCounts: { queued: 1, pinning: 2, pinned: 3, failed: 0, error: null } }],
      },
    })
    expect(service.requests.map(({ query }) => `${query}`).sort()).toEqual(
      ['failed', 'pinned', 'pinning', 'queued'].map((status) => `status=${status}&limit=1`),
    )
  })

  it('have the error of a service that is down beside them, and the other services are counted', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    services.two.seed(ALICE, [{ cid: exampleCid(1) }])
    await services.one[Symbol.asyncDispose]()

    expect(await api.query(COUNTS)).toEqual({
      data: {
        services: [
          { name: 'one', pinCounts: uncounted(unreachable('one')) },
          { name: 'two', pinCounts: counted(0, 0, 1, 0) },
        ],
      },
    })
  })

  it('have the error of a service without a token beside them, and it is not asked', async () => {
    await using setup = await startServices('one', 'two')
    const { services } = setup
    await using api = startTestApi({
      services: [
        { name: 'one', endpoint: services.one.endpoint },
        { name: 'two', endpoint: services.two.endpoint, token: null },
      ],
    })

    const error: ErrorParts = {
      code: 'UNAUTHORIZED',
      message: 'No token for two: expected one in the header "X-Pinning-Token-two"',
      service: 'two',
    }
    expect(await api.query(COUNTS)).toEqual({
      data: {
        services: [
          { name: 'one', pinCounts: counted(0, 0, 0, 0) },
          { name: 'two', pinCounts: uncounted(error) },
        ],
      },
    })
    expect(services.two.count()).toBe(0)
  })

  it("have the service's error, and not the request's, when the time for the whole request is over", async () => {
    await using fast = await startEmulatedProvider(compliant)
    await using slow = await startEmulatedProvider(compliant)
    slow.hooks.beforeReply = () => new Promise(() => {})
    await using gateway = await startTestGateway({
      services: {
        fast: { endpoint: fast.endpoint, token: ALICE },
        slow: { endpoint: slow.endpoint, token: ALICE },
      },
      defaultService: 'fast',
      requestTimeoutMs: 1000,
    })

    expect(await gateway.query(COUNTS)).toEqual({
      data: {
        services: [
          { name: 'fast', pinCounts: counted(0, 0, 0, 0) },
          { name: 'slow', pinCounts: uncounted(lateRead('slow')) },
        ],
      },
    })
    expect(requestsAt(slow)).toEqual(Array(4).fill('GET /pins'))
  })

  it('are null without an error if they are unknown: more pins than a list holds, and a count that cannot be trusted', async () => {
    await using setup = await startSetup({ capabilities: {} })
    const { service, api } = setup
    seedPins(service, 1003)

    const counts = { queued: 0, pinning: 0, pinned: null, failed: 0, error: null }
    expect(await api.query(COUNTS)).toEqual({ data: { services: [{ name: 'one', pinCounts: counts }] } })
  })

  it('of a service that is asked for by the pins of a list fail beside the list', async () => {
    await using setup = await startSetup({ provider: 'pinql' })
    const { service, api } = setup
    service.seed(
      ALICE,
      [1, 2, 3].map((n) => ({ cid: exampleCid(n) })),
    )
    service.hooks.beforeReply = ({ query }) =>
      query.get('limit') === '1' ? { status: 401, headers: {}, body: '' } : undefined

    const { data, errors } = await api.query(
      `{ pins { nodes { cid service { pinCounts { pinned error { ${ERROR_FIELDS} } } } } } }`,
    )

    const error = shownError({ code: 'UNAUTHORIZED', message: 'one answered 401', service: 'one' })
    expect(errors).toBeUndefined()
    expect(data.pins.nodes).toEqual(
      [3, 2, 1].map((n) => ({ cid: exampleCid(n), service: { pinCounts: { pinned: null, error } } })),
    )
    // The page, and the counts of the one service that all pins have, of which the first refusal is enough.
    expect(service.count()).toBeLessThanOrEqual(5)
  })
})
