import { afterEach, describe, expect, it, vi } from 'vitest'
import { formatServiceId } from '../../../src/domain/pin-id.ts'
import { ERROR_FIELDS, shownError } from '../../support/gateway/expected-errors.ts'
import { startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { ALICE, BOB, startTestApi } from '../../support/start-test-api.ts'

afterEach(() => vi.restoreAllMocks())

describe('services', () => {
  it('are listed in the order of the configuration, at no cost', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup

    expect(
      await api.query(
        '{ services { id name endpoint } service(name: "two") { name } none: service(name: "x") { name } }',
      ),
    ).toEqual({
      data: {
        services: (['one', 'two'] as const).map((name) => ({
          id: formatServiceId(name),
          name,
          endpoint: services[name].endpoint,
        })),
        service: { name: 'two' },
        none: null,
      },
    })
    expect([services.one.count(), services.two.count()]).toEqual([0, 0])
  })

  it('show their last failure until long after it is over', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const HEALTH = `{ services { health { state breaker lastError { ${ERROR_FIELDS} } } } }`
    const healthy = { state: 'UP', breaker: 'CLOSED', lastError: null }
    expect(await api.query(HEALTH)).toEqual({ data: { services: [{ health: healthy }] } })

    service.breakNext(1)
    await api.query('{ pins { __typename } }')

    const lastError = shownError({
      code: 'SERVICE_UNAVAILABLE',
      message: 'one answered 500 INTERNAL_SERVER_ERROR: Something went wrong',
      service: 'one',
      mayHaveActed: false,
    })
    expect(await api.query(HEALTH)).toEqual({ data: { services: [{ health: { ...healthy, lastError } }] } })
  })

  it("show a failure in the service's words to the token only whose call it was", async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await using setup = await startSetup({ provider: 'pinql', timeoutMs: 1000 })
    const { service, api } = setup
    const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    const HEALTH = '{ services { health { state lastError { message } } } }'

    service.breakNext(1000)
    await api.query('{ pins { __typename } }', {}, as(ALICE))
    service.breakNext(0)

    const message = 'one answered 500 INTERNAL_SERVER_ERROR: Something went wrong'
    const seenBy = async (token: string) => (await api.query(HEALTH, {}, as(token))).data.services[0].health
    expect(await seenBy(ALICE)).toEqual({ state: 'DOWN', lastError: { message } })
    expect(await seenBy(BOB)).toEqual({ state: 'UP', lastError: { message: 'one answered 500' } })
    expect(await api.query('{ pins { nodes { id } } }', {}, as(BOB))).toEqual({ data: { pins: { nodes: [] } } })
  })

  it('never show a user name or password from the endpoint', async () => {
    await using api = startTestApi({
      services: [{ name: 'one', endpoint: 'https://me:secret@pins.example/api?key=secret' }],
    })

    expect(await api.query('{ services { endpoint } }')).toEqual({
      data: { services: [{ endpoint: 'https://pins.example/api' }] },
    })
  })
})
