import { describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, startTestApi } from '../../support/query-schema.ts'
import { json, stall, startScriptedUpstream } from '../../support/scripted-upstream.ts'
import { idOf, seedPins, startServices } from './setup.ts'

const late = (service: string) => ({
  __typename: 'ServiceUnavailableError',
  message: `${service} did not answer before the time for the whole request was over`,
})

/** Two services of which `slow` answers nothing; the request's time is over as soon as it is asked. */
async function startPair() {
  const setup = await startServices('fast', 'slow')
  const time = new AbortController()
  setup.services.slow.hooks.beforeReply = async () => {
    // What the other one has to say arrives first.
    await expect.poll(() => setup.services.fast.requests.at(-1)?.status).not.toBeNull()
    setTimeout(() => time.abort(new Error('too late')), 50)
    return new Promise(() => {})
  }
  return { ...setup, time }
}

describe('the end of the time for a request', () => {
  it('leaves the changes that were made in the answer, with what could not be looked up for them as an error', async () => {
    await using setup = await startPair()
    const { api, services, time } = setup

    const { data, errors } = await api.query(
      `mutation ($cid: CID!) {
        addPins(inputs: [{ cid: $cid, name: "1" }, { cid: $cid, name: "2" }]) {
          __typename
          ... on AddPinSuccess { pin { name content { services { service { name } result {
            __typename ... on Error { message }
          } } } } }
        }
      }`,
      { cid: exampleCid(1) },
      { signal: time.signal },
    )

    const content = {
      services: [
        { service: { name: 'fast' }, result: { __typename: 'PinList' } },
        { service: { name: 'slow' }, result: late('slow') },
      ],
    }
    expect(errors).toBeUndefined()
    expect(data.addPins).toEqual(['1', '2'].map((name) => ({ __typename: 'AddPinSuccess', pin: { name, content } })))
    expect(services.fast.pins(ALICE)).toHaveLength(2)
  })

  it('leaves the pins of the services that answered, with a warning for the one that did not', async () => {
    await using setup = await startPair()
    const { api, services, time } = setup
    seedPins(services.fast, 2)

    const { data } = await api.query(
      `{ pins(services: ["fast", "slow"]) { ... on PinConnection { nodes { name } warnings { __typename message } } } }`,
      {},
      { signal: time.signal },
    )

    expect(data.pins).toEqual({ nodes: [{ name: 'pin 2' }, { name: 'pin 1' }], warnings: [late('slow')] })
  })

  it('leaves the nodes that were found', async () => {
    await using setup = await startPair()
    const { api, services, time } = setup
    const [pin] = seedPins(services.fast, 1)
    const cid = exampleCid(2)

    const { data, errors } = await api.query(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Pin { name } } }',
      { ids: [pin && idOf(pin, 'fast'), idOf({ requestId: 'r', cid }, 'slow')] },
      { signal: time.signal },
    )

    expect(data).toEqual({ nodes: [{ name: 'pin 1' }, null] })
    expect(errors).toMatchObject([{ path: ['nodes', 1], extensions: { code: 'SERVICE_UNAVAILABLE', service: 'slow' } }])
  })

  it('leaves the changes before a removal by filter, which is told as not done', async () => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    const time = new AbortController()
    const cid = exampleCid(1)
    const pin = { requestid: 'r1', status: 'queued', created: '2026-01-31T12:00:00Z', pin: { cid }, delegates: [] }
    upstream.reply(json(202, pin), (response, request, signal) => {
      time.abort(new Error('too late'))
      return stall()(response, request, signal)
    })

    const { data } = await api.query(
      `mutation ($cid: CID!) {
        addPin(input: { cid: $cid }) { __typename }
        removePins(filter: { name: "old" }) { __typename ... on Error { message } }
      }`,
      { cid },
      { signal: time.signal },
    )

    expect(data).toEqual({ addPin: { __typename: 'AddPinSuccess' }, removePins: [late('one')] })
  })
})
