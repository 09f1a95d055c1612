import { describe, expect, it } from 'vitest'
import {
  ERROR_FIELDS,
  type ErrorParts,
  FAILURE_FIELDS,
  failedPayload,
  shownError,
  thrownError,
} from '../../support/gateway/expected-errors.ts'
import { idOf, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { json, startScriptedServer } from '../../support/scripted-server.ts'
import { ALICE, BOB, startTestApi } from '../../support/start-test-api.ts'

const PINS = `query ($services: [String!]) {
  pins(services: $services) { nodes { name } warnings { code message } }
}`

const unauthorized = (service: string, header: string): ErrorParts => ({
  code: 'UNAUTHORIZED',
  message: `No token for ${service}: expected one in the header ${header}`,
  service,
})
const ANY_HEADER = '"Authorization: Bearer …" or "X-Pinning-Token-one"'

/** The token of each request, by service. */
async function tokensFor(headers: Record<string, string>, configured: string | null = null) {
  await using setup = await startServices('one', 'two')
  const { services } = setup
  for (const name of ['one', 'two'] as const) {
    for (const token of [ALICE, BOB]) services[name].seed(token, [{ cid: exampleCid(1), name }])
  }
  const settings = (['one', 'two'] as const).map((name) => ({
    name,
    endpoint: services[name].endpoint,
    token: configured,
  }))
  await using api = startTestApi({ services: settings })
  const { data, errors } = await api.query(PINS, { services: ['one', 'two'] }, { headers })
  if (errors) throw new Error(JSON.stringify(errors))
  const sent = (name: 'one' | 'two') => services[name].requests.map(({ token }) => token)
  return { one: sent('one'), two: sent('two'), answer: data.pins }
}

describe('tokens', () => {
  it('go to the default service when they come as Authorization', async () => {
    const seen = await tokensFor({ Authorization: `Bearer ${ALICE}` })

    expect(seen).toEqual({
      one: [ALICE],
      two: [],
      answer: {
        nodes: [{ name: 'one' }],
        warnings: [
          { code: 'UNAUTHORIZED', message: 'No token for two: expected one in the header "X-Pinning-Token-two"' },
        ],
      },
    })
  })

  it('go to the service that their header names', async () => {
    expect(await tokensFor({ 'X-Pinning-Token-One': ALICE, 'x-pinning-token-two': BOB })).toMatchObject({
      one: [ALICE],
      two: [BOB],
    })
  })

  it('that name the service are preferred to Authorization, and both to the configured token', async () => {
    expect(await tokensFor({ authorization: 'Bearer x', 'x-pinning-token-one': BOB }, ALICE)).toMatchObject({
      one: [BOB],
      two: [ALICE],
    })
    expect(await tokensFor({ authorization: `Bearer ${BOB}` }, ALICE)).toMatchObject({ one: [BOB], two: [ALICE] })
  })

  it('come from the configuration when the caller brings none', async () => {
    expect(await tokensFor({}, ALICE)).toMatchObject({ one: [ALICE], two: [ALICE] })
  })

  it.each([
    { name: 'nothing', headers: {} },
    { name: 'an empty named header', headers: { 'x-pinning-token-one': ' ' } },
  ])('missing ($name) is a typed error that costs no request', async ({ headers }) => {
    await using setup = await startSetup({ token: null })
    const { service, api } = setup
    const cid = exampleCid(1)
    const id = idOf({ requestId: 'r1', cid })

    const answer = await api.query(
      `mutation ($id: ID!, $cid: CID!) {
        addPin(input: { cid: $cid }) { ${FAILURE_FIELDS} }
        replacePin(input: { id: $id, cid: $cid }) { ${FAILURE_FIELDS} replacedId }
        removePin(input: { id: $id }) { pinId error { ${ERROR_FIELDS} } }
      }`,
      { id, cid },
      { headers },
    )
    const reads = await api.query(
      `query ($id: ID!) { pin(id: $id) { id } services { name pinCounts { pinned error { ${ERROR_FIELDS} } } } }`,
      { id },
      { headers },
    )
    const page = await api.query('{ pins { nodes { id } } services { name } }', {}, { headers })

    const refusal = unauthorized('one', ANY_HEADER)
    const error = shownError(refusal)
    expect(answer).toEqual({
      data: {
        addPin: failedPayload(refusal),
        replacePin: failedPayload(refusal, { replacedId: null }),
        removePin: { pinId: id, error },
      },
    })
    expect(reads).toEqual({
      data: { pin: null, services: [{ name: 'one', pinCounts: { pinned: null, error } }] },
      errors: [thrownError(refusal, 'pin')],
    })
    expect(page).toEqual({ data: null, errors: [thrownError(refusal, 'pins')] })
    expect(service.count()).toBe(0)
  })

  it('that the service refuses are a typed error, of one request', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(PINS, {}, { headers: { authorization: 'Bearer wrong-token' } })).toEqual({
      data: null,
      errors: [
        thrownError(
          {
            code: 'UNAUTHORIZED',
            message: 'one answered 401 UNAUTHORIZED: Access token is missing or invalid',
            service: 'one',
          },
          'pins',
        ),
      ],
    })
    expect(setup.service.count()).toBe(1)
  })

  it('see their own pins only, even in the same instant and for the same question', async () => {
    await using setup = await startSetup({ token: null })
    const { service, api } = setup
    service.seed(ALICE, [{ cid: exampleCid(1), name: "alice's" }])
    service.seed(BOB, [{ cid: exampleCid(1), name: "bob's" }])

    const answers = await Promise.all(
      [ALICE, BOB, ALICE].map((token) => api.query(PINS, {}, { headers: { authorization: `Bearer ${token}` } })),
    )

    expect(answers.map(({ data }) => data.pins.nodes)).toEqual([
      [{ name: "alice's" }],
      [{ name: "bob's" }],
      [{ name: "alice's" }],
    ])
  })

  it("never appear in an answer, not even where a service's refusal shows everything it got", async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [pin] = seedPins(service, 1)
    const answers = [
      await api.query('{ pins { edges { cursor node { id info meta service { id endpoint } } } } }'),
      await api.query('query ($id: ID!) { pin(id: $id) { id } }', { id: pin && idOf(pin) }),
      await api.query('{ pins(services: "x") { nodes { id } } }', {}, { headers: { authorization: `Bearer ${BOB}` } }),
    ]

    await using echo = await startScriptedServer()
    await using echoed = startTestApi({ services: [{ name: 'one', endpoint: echo.endpoint }] })
    for (const status of [400, 401, 403, 404, 409, 418]) {
      echo.reply((response, request, signal) =>
        json(status, { error: { reason: 'REFUSED', details: `Got ${JSON.stringify(request.headers)}` } })(
          response,
          request,
          signal,
        ),
      )
      answers.push(await echoed.query('{ pins { nodes { id } } }'))
    }

    expect(JSON.stringify(answers)).not.toMatch(new RegExp(`${ALICE}|${BOB}`))
  })
})
