import { describe, expect, it } from 'vitest'
import type { UpstreamObserver } from '../../../src/upstream/observing/upstream-observer.ts'
import { ERROR_FIELDS, late, shownError, thrownError } from '../../support/gateway/expected-errors.ts'
import { idOf, seedPins, startServicesWith } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { json, stall, startScriptedServer } from '../../support/scripted-server.ts'
import { ALICE, startTestApi } from '../../support/start-test-api.ts'

/**
 * Two services of which `slow` answers nothing. The request's time is over once `slow` was asked, and `fast` has answered
 * so many requests.
 */
async function startPair(answers: number) {
  const time = new AbortController()
  let answered = 0
  let isSlowAsked = false
  const endWhenDue = () => {
    // The answers are processed before the time is over.
    if (isSlowAsked && answered === answers) setImmediate(() => time.abort(new Error('too late')))
  }
  const observer: UpstreamObserver = {
    onCall({ service }) {
      if (service !== 'fast') return
      answered += 1
      endWhenDue()
    },
  }
  const setup = await startServicesWith({ observer }, 'fast', 'slow')
  setup.services.slow.hooks.beforeReply = () => {
    isSlowAsked = true
    endWhenDue()
    return new Promise(() => {})
  }
  return { ...setup, time }
}

describe('the end of the time for a request', () => {
  it('leaves the changes that were made in the answer, with what could not be looked up for them as an error', async () => {
    await using setup = await startPair(3)
    const { api, services, time } = setup

    const { data, errors } = await api.query(
      `mutation ($cid: CID!) {
        addPins(input: { pins: [{ cid: $cid, name: "1" }, { cid: $cid, name: "2" }] }) {
          pin { name content { services { service { name } pins { name } error { ${ERROR_FIELDS} } } } }
          error { code }
        }
      }`,
      { cid: exampleCid(1) },
      { signal: time.signal },
    )

    const content = {
      services: [
        { service: { name: 'fast' }, pins: [{ name: '2' }, { name: '1' }], error: null },
        { service: { name: 'slow' }, pins: null, error: shownError(late('slow')) },
      ],
    }
    expect(errors).toBeUndefined()
    expect(data.addPins).toEqual(['1', '2'].map((name) => ({ pin: { name, content }, error: null })))
    expect(services.fast.pins(ALICE)).toHaveLength(2)
  })

  it('ends a replacement that waits for the old pin, before anything is changed', async () => {
    await using setup = await startPair(2)
    const { api, services, time } = setup
    const [fast] = seedPins(services.fast, 1)
    const [slow] = seedPins(services.slow, 1)
    services.slow.resetLog()

    const { data, errors } = await api.query(
      `mutation ($fast: ID!, $slow: ID!) {
        a: replacePin(input: { id: $fast, name: "new" }) { pin { name } error { code } }
        b: replacePin(input: { id: $slow, name: "new" }) { pin { name } error { code mayHaveActed } }
      }`,
      { fast: fast && idOf(fast, 'fast'), slow: slow && idOf(slow, 'slow') },
      { signal: time.signal },
    )

    expect(errors).toBeUndefined()
    expect(data).toEqual({
      a: { pin: { name: 'new' }, error: null },
      b: { pin: null, error: { code: 'SERVICE_UNAVAILABLE', mayHaveActed: false } },
    })
    expect(services.slow.count('POST')).toBe(0)
  })

  it('leaves the pins of the services that answered, with a warning for the one that did not', async () => {
    await using setup = await startPair(1)
    const { api, services, time } = setup
    seedPins(services.fast, 2)

    const answer = await api.query(
      `{ pins(services: ["fast", "slow"]) { nodes { name } totalCount warnings { ${ERROR_FIELDS} } } }`,
      {},
      { signal: time.signal },
    )

    const nodes = [{ name: 'pin 2' }, { name: 'pin 1' }]
    expect(answer).toEqual({ data: { pins: { nodes, totalCount: null, warnings: [shownError(late('slow'))] } } })
  })

  it('leaves what the services that answered have of a CID', async () => {
    await using setup = await startPair(1)
    const { api, services, time } = setup
    seedPins(services.fast, 1)

    const answer = await api.query(
      `query ($cid: CID!) {
        content(cid: $cid) { pins { name } services { service { name } pins { name } error { ${ERROR_FIELDS} } } }
      }`,
      { cid: exampleCid(1) },
      { signal: time.signal },
    )

    const pins = [{ name: 'pin 1' }]
    expect(answer).toEqual({
      data: {
        content: {
          pins,
          services: [
            { service: { name: 'fast' }, pins, error: null },
            { service: { name: 'slow' }, pins: null, error: shownError(late('slow')) },
          ],
        },
      },
    })
  })

  it('leaves the nodes that were found', async () => {
    await using setup = await startPair(1)
    const { api, services, time } = setup
    const [pin] = seedPins(services.fast, 1)
    const cid = exampleCid(2)

    const { data, errors } = await api.query(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Pin { name } } }',
      { ids: [pin && idOf(pin, 'fast'), idOf({ requestId: 'r', cid }, 'slow')] },
      { signal: time.signal },
    )

    expect(data).toEqual({ nodes: [{ name: 'pin 1' }, null] })
    expect(errors).toEqual([thrownError(late('slow'), 'nodes', 1)])
  })

  it('keeps the results of earlier changes, and reports a removal by filter as not done', async () => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    const time = new AbortController()
    const cid = exampleCid(1)
    const pin = { requestid: 'r1', status: 'queued', created: '2026-01-31T12:00:00Z', pin: { cid }, delegates: [] }
    upstream.reply(json(202, pin), (response, request, signal) => {
      time.abort(new Error('too late'))
      return stall()(response, request, signal)
    })

    const answer = await api.query(
      `mutation ($cid: CID!) {
        addPin(input: { cid: $cid }) { pin { requestId } error { code } }
        removePins(input: { filter: { name: "old" } }) { pinId pin { id } error { ${ERROR_FIELDS} } }
      }`,
      { cid },
      { signal: time.signal },
    )

    expect(answer).toEqual({
      data: {
        addPin: { pin: { requestId: 'r1' }, error: null },
        removePins: [{ pinId: null, pin: null, error: shownError(late('one')) }],
      },
    })
  })
})
