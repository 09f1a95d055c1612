import { describe, expect, it, onTestFinished } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'
import { deferred } from '../../support/deferred.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { recordEvents } from '../../support/record-events.ts'
import { emptyBody, html, json, reset, startScriptedServer, text } from '../../support/scripted-server.ts'
import { ALICE, NOTHING_TO_CHECK } from '../../support/start-test-api.ts'
import { createTestRegistry, type TestRegistryOptions } from '../../support/upstream/create-test-registry.ts'

const PINNED = { statuses: ['pinned'], limit: 10 } as const
const EMPTY = json(200, { count: 0, results: [] })

/** Makes the signal of one waiting operation. */
function stopOf(operationId: string): Stop {
  return new Stop({ operationIds: [operationId] })
}

function open(endpoint: string, options: TestRegistryOptions = {}) {
  const { observer, calls, services } = recordEvents()
  const settings = { name: 'one', endpoint, token: ALICE, provider: null, capabilities: NOTHING_TO_CHECK }
  const registry = createTestRegistry([settings], 'one', { observer, ...options })
  onTestFinished(() => registry[Symbol.asyncDispose]())
  return { tenant: registry.tenant('one', null), calls, services }
}

async function startScripted(options?: TestRegistryOptions) {
  const upstream = await startScriptedServer()
  onTestFinished(() => upstream[Symbol.asyncDispose]())
  return { upstream, ...open(upstream.endpoint, options) }
}

async function startEmulated(options?: TestRegistryOptions) {
  const service = await startEmulatedProvider(compliant)
  onTestFinished(() => service[Symbol.asyncDispose]())
  return { service, ...open(service.endpoint, options) }
}

describe('onCall', () => {
  it('reports a request with its class, operation, times and status', async () => {
    const { upstream, tenant, calls } = await startScripted()
    upstream.reply(EMPTY)
    await tenant.reads.listPins(PINNED, { signal: stopOf('r1') })
    expect(calls).toEqual([
      {
        service: 'one',
        endpoint: 'list',
        class: 'interactive',
        attempt: 1,
        requestIds: ['r1'],
        waitedMs: 0,
        tookMs: expect.any(Number),
        status: 200,
        refusal: null,
        error: null,
      },
    ])
    expect(calls[0]?.tookMs).toBeGreaterThan(0)
  })

  it('names all operations that share a request, and not those that have left', async () => {
    const { upstream, tenant, calls } = await startScripted()
    const [asked, free] = [deferred(), deferred()]
    upstream.reply(async (...exchange) => {
      asked.resolve()
      await free.promise
      await EMPTY(...exchange)
    })
    const stops = ['r1', 'r2', 'r3', 'r4'].map((id) => stopOf(id))
    // One operation may ask twice.
    const lists = [...stops, stops[0]].map((signal) => tenant.reads.listPins(PINNED, { signal }))
    await asked.promise
    stops[1]?.abort(new Error('went away'))
    free.resolve()
    await Promise.allSettled(lists)
    expect(calls.map(({ requestIds }) => requestIds)).toEqual([['r1', 'r3', 'r4']])
  })

  it('names the operations of a request that was aborted as the last of them left', async () => {
    const { upstream, tenant, calls } = await startScripted()
    const asked = deferred()
    upstream.reply(() => asked.resolve())
    const stop = stopOf('r1')
    const listed = tenant.reads.listPins(PINNED, { signal: stop })
    await asked.promise
    stop.abort(new Error('went away'))
    await expect(listed).rejects.toThrow('went away')
    await expect.poll(() => calls).toMatchObject([{ requestIds: ['r1'], status: null, error: { code: 'ABORTED' } }])
  })

  it('names the operations of all lookups that one request answers', async () => {
    const { service, tenant, calls } = await startEmulated()
    const pins = service.seed(
      ALICE,
      Array.from({ length: 10 }, (_, n) => ({ cid: exampleCid(n) })),
    )
    await Promise.all(
      pins.map(({ cid, requestId }, n) =>
        tenant.lookupPin({ service: 'one', cid, requestId }, { signal: stopOf(`r${n}`) }),
      ),
    )
    expect(calls.map(({ requestIds }) => requestIds)).toEqual([pins.map((_, n) => `r${n}`)])
    expect(service.requests).toHaveLength(1)
  })

  it('names no operation for a request that none waits for', async () => {
    const { upstream, tenant, calls } = await startScripted()
    upstream.reply(EMPTY)
    await tenant.reads.listPins(PINNED, { class: 'live', signal: new AbortController().signal })
    expect(calls).toMatchObject([{ class: 'live', requestIds: [] }])
  })

  it('numbers the attempts, each with the operations that still wait', async () => {
    const { upstream, tenant, calls } = await startScripted()
    const stops = ['r1', 'r2'].map((id) => stopOf(id))
    upstream.reply(text(503, 'busy'), (...exchange) => {
      stops[0]?.abort(new Error('went away'))
      return reset()(...exchange)
    })
    upstream.reply(EMPTY)
    await Promise.allSettled(stops.map((signal) => tenant.reads.listPins(PINNED, { signal })))
    expect(calls.map(({ attempt, requestIds, status, error }) => ({ attempt, requestIds, status, error }))).toEqual([
      { attempt: 1, requestIds: ['r1', 'r2'], status: 503, error: null },
      {
        attempt: 2,
        requestIds: ['r2'],
        status: null,
        error: { code: 'SERVICE_UNAVAILABLE', cause: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) },
      },
      { attempt: 3, requestIds: ['r2'], status: 200, error: null },
    ])
  })

  it('names the operation of a change whose client has left, and of all that comes of it', async () => {
    const { service, tenant, calls } = await startEmulated()
    const stop = stopOf('r1')
    service.hooks.afterCommit = () => {
      service.hooks.afterCommit = undefined
      stop.abort(new Error('went away'))
      return 'drop'
    }
    const pin = { cid: parseCid(exampleCid(1)), name: null, origins: [], meta: {} }
    const signals = [stop, stopOf('r2')]
    const added = await Promise.all(signals.map((signal) => tenant.addPin(pin, 'key', { signal })))
    expect(added[0]).toEqual(added[1])
    expect(calls.map(({ endpoint }) => endpoint)).toEqual(['write', 'list'])
    expect(calls.map(({ requestIds }) => requestIds)).toEqual([
      ['r1', 'r2'],
      ['r1', 'r2'],
    ])
    await tenant.replacePin(
      { service: 'one', cid: exampleCid(1), requestId: added[0]?.requestId ?? '' },
      { name: 'new' },
      'other key',
      { signal: stopOf('r3') },
    )
    expect(calls.slice(2).map(({ endpoint, requestIds }) => [endpoint, requestIds])).toEqual([
      ['item', ['r3']],
      ['write', ['r3']],
    ])
    expect(calls).toHaveLength(service.requests.length)
  })

  it('reports nothing that was not sent', async () => {
    const { upstream, tenant, calls } = await startScripted()
    upstream.reply(...Array.from({ length: 3 }, () => text(500, 'broken')))
    await expect(tenant.getPin('..')).rejects.toMatchObject({ code: 'PIN_NOT_FOUND' })
    const stop = stopOf('r1')
    stop.abort(new Error('went away'))
    await expect(tenant.getPin('1', { signal: stop })).rejects.toThrow('went away')
    expect(calls).toEqual([])
    // The breaker opens after three failures, and a poll does not wait then.
    for (const id of ['1', '2']) await expect(tenant.getPin(id, { class: 'live' })).rejects.toThrow()
    expect([calls.length, upstream.requests.length]).toEqual([3, 3])
  })

  it('reports a connection that could not be made', async () => {
    const upstream = await startScriptedServer()
    const { tenant, calls } = open(upstream.endpoint)
    await upstream[Symbol.asyncDispose]()
    await expect(tenant.getPin('1', { class: 'live' })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    const error = { code: 'SERVICE_UNAVAILABLE', cause: 'ECONNREFUSED' }
    expect(calls).toMatchObject([1, 2, 3].map((attempt) => ({ attempt, status: null, error })))
  })

  it.each([
    ['a refused token', text(401, ''), { status: 401, refusal: 'UNAUTHORIZED', error: null }],
    ['a refused token, by 403', text(403, 'forbidden'), { status: 403, refusal: 'UNAUTHORIZED', error: null }],
    ['a refused token, by 400', text(400, 'invalid token'), { status: 400, refusal: 'UNAUTHORIZED', error: null }],
    ['a plan, by 403', text(403, 'a paid plan'), { status: 403, refusal: 'INSUFFICIENT_FUNDS', error: null }],
    ['a pin that is not there', text(404, ''), { status: 404, refusal: 'PIN_NOT_FOUND', error: null }],
    [
      'a web page',
      html(200, '<html>'),
      { status: 200, refusal: null, error: { code: 'MALFORMED_RESPONSE', cause: null } },
    ],
    ['a redirect', emptyBody(302), { status: 302, refusal: null, error: { code: 'MALFORMED_RESPONSE', cause: null } }],
  ])('reports %s', async (_what, handler, expected) => {
    const { upstream, tenant, calls } = await startScripted()
    upstream.reply(handler)
    await expect(tenant.getPin('1')).rejects.toThrow()
    expect(calls).toMatchObject([expected])
  })

  it('reports an answer that did not come in time', async () => {
    const { upstream, tenant, calls } = await startScripted({ timeoutMs: 50 })
    // A read may be tried again, twice.
    for (let tries = 0; tries < 3; tries++) upstream.reply(() => {})
    await expect(tenant.getPin('1')).rejects.toThrow('did not answer')
    const late = { status: null, error: { code: 'SERVICE_UNAVAILABLE', cause: 'UND_ERR_ABORTED' } }
    // A request may be given up before the service has seen it.
    expect(calls.length).toBeGreaterThanOrEqual(Math.max(1, upstream.requests.length))
    expect(calls).toMatchObject(calls.map(() => late))
  })

  it('adds no header to a request', async () => {
    const headers: unknown[] = []
    for (const options of [{}, { observer: undefined }]) {
      const { upstream, tenant } = await startScripted(options)
      upstream.reply(EMPTY)
      await tenant.reads.listPins(PINNED, { signal: stopOf('r1') })
      headers.push({ ...upstream.requests[0]?.headers, host: '' })
    }
    const expected = {
      accept: 'application/json',
      authorization: `Bearer ${ALICE}`,
      connection: 'keep-alive',
      host: '',
    }
    expect(headers).toEqual([expected, expected])
  })
})
