import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { A_MADE_KEY, ERROR_FIELDS, late, shownError, thrownError } from '../../support/gateway/expected-errors.ts'
import { idOf, requestsAt, seedPins, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { json, type ScriptedHandler, startScriptedServer } from '../../support/scripted-server.ts'
import { ALICE, startTestApi } from '../../support/start-test-api.ts'

/** A request that is held until its client goes away. */
function held() {
  let arrive: () => void = () => {}
  let close: () => void = () => {}
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  const handler: ScriptedHandler = (_response, _request, signal) => {
    arrive()
    signal.addEventListener('abort', close, { once: true })
  }
  return { arrived, closed, handler }
}

const cid = exampleCid(1)
const id = idOf({ requestId: 'r1', cid })
const lateError = shownError(late('one'))
const lateCounts = { pinned: null, error: lateError }

/** Reads and their outcomes: a read of a root field rejects. A read below it ends as an error that no client gets. */
const READS: [what: string, document: string, outcome: object][] = [
  ['pins', '{ pins { __typename } }', { thrown: 'client gone' }],
  ['pin', `{ pin(id: "${id}") { __typename } }`, { thrown: 'client gone' }],
  [
    'nodes',
    `{ nodes(ids: ["${id}", "${idOf({ requestId: 'r2', cid })}"]) { id } }`,
    { data: { nodes: [null, null] }, errors: [0, 1].map((n) => thrownError(late('one'), 'nodes', n)) },
  ],
  [
    'contents',
    `{ contents(cids: ["${cid}"]) { pins { id } services { pins { id } error { ${ERROR_FIELDS} } } } }`,
    { data: { contents: [{ pins: null, services: [{ pins: null, error: lateError }] }] } },
  ],
  [
    'pinCounts',
    `{ services { pinCounts { pinned error { ${ERROR_FIELDS} } } } }`,
    { data: { services: [{ pinCounts: lateCounts }] } },
  ],
]

describe('a client that goes away', () => {
  it.each(READS)('stops what was read for it (%s)', async (_what, document, outcome) => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    const request = held()
    upstream.reply(request.handler, held().handler, held().handler, held().handler)
    const client = new AbortController()

    const answer = api.query(document, {}, { signal: client.signal })
    await request.arrived
    client.abort(new Error('client gone'))

    expect(await answer.catch((error: Error) => ({ thrown: error.message }))).toEqual(outcome)
    await request.closed
  })

  it('does not cancel the answer of another client with the same request', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    seedPins(service, 1)
    const client = new AbortController()
    // Both ask before either is answered.
    service.hooks.beforeReply = async () => {
      client.abort(new Error('client gone'))
      await setImmediate()
      return undefined
    }
    const document = '{ pins { nodes { name } } }'

    const gone = api.query(document, {}, { signal: client.signal })
    const stays = api.query(document)

    await expect(gone).rejects.toThrow('client gone')
    expect(await stays).toEqual({ data: { pins: { nodes: [{ name: 'pin 1' }] } } })
    expect(service.count()).toBe(1)
  })

  it('does not stop a change that was sent, since its outcome would be unknown', async () => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    const client = new AbortController()
    const pin = { requestid: 'r1', status: 'queued', created: '2026-01-31T12:00:00Z', pin: { cid }, delegates: [] }
    upstream.reply(async (response, request, signal) => {
      client.abort(new Error('client gone'))
      await setImmediate()
      expect(signal.aborted).toBe(false)
      await json(202, pin)(response, request, signal)
    })

    const answer = await api.query(
      'mutation ($cid: CID!) { addPin(input: { cid: $cid }) { pin { requestId } error { code } } }',
      { cid },
      { signal: client.signal },
    )

    expect(answer).toEqual({ data: { addPin: { pin: { requestId: 'r1' }, error: null } } })
  })

  it('starts no further change, and the result has the changes already made', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const client = new AbortController()
    service.hooks.afterCommit = () => {
      if (service.count('POST') === 8) client.abort(new Error('client gone'))
      return undefined
    }
    const pins = Array.from({ length: 20 }, (_, n) => ({ cid: exampleCid(n) }))

    const { data } = await api.query(
      `mutation ($pins: [AddPinInput!]!) {
        addPins(input: { pins: $pins }) { pin { cid } error { ${ERROR_FIELDS} } idempotencyKey }
      }`,
      { pins },
      { signal: client.signal },
    )

    const made = service.pins(ALICE).length
    expect(made).toBeLessThan(20)
    const error = shownError({
      ...late('one'),
      message: 'one was not asked: the time for the whole request was over before',
    })
    expect(data.addPins).toEqual([
      ...pins.slice(0, made).map((pin) => ({ pin, error: null, idempotencyKey: A_MADE_KEY })),
      ...Array(20 - made).fill({ pin: null, error, idempotencyKey: A_MADE_KEY }),
    ])
  })

  it('that has left before costs no request', async () => {
    await using setup = await startSetup()
    const signal = AbortSignal.abort(new Error('client gone'))

    await expect(setup.api.query('{ pins { __typename } }', {}, { signal })).rejects.toThrow('client gone')
    expect(requestsAt(setup.service)).toEqual([])
  })
})
