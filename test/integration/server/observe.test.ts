import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig, startGateway, type UpstreamObserver } from '../../../src/index.ts'
import { embed, post } from '../../support/embedding/embed.ts'
import { observeServices } from '../../support/embedding/observe-services.ts'
import { serveWithExpress } from '../../support/embedding/serve-with-express.ts'
import { idOf, seedPins } from '../../support/gateway/start-setup.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import {
  bearer,
  eventsOf,
  nextOf,
  PINS_CHANGED,
  seedQueued,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { recordEvents } from '../../support/record-events.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const LIST = '{ pins { nodes { id } } }'

async function start(more: UpstreamObserver | null = null, logLevel: ConfigInput['logLevel'] = 'info') {
  const events = recordEvents()
  const observe = more ?? events.observer
  const host = await embed(serveWithExpress, { observe }, { logLevel })
  const ask = (query: string, requestId: string, token: string = ALICE) =>
    post(host.url, query, { ...bearer(token), 'x-request-id': requestId })
  return { ...events, host, ask, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() }
}

describe('an observer of the host', () => {
  it('gets the x-request-id of the queries and changes that a request is for', async () => {
    await using setup = await start()
    const { ask, calls, host } = setup
    const pins = seedPins(host.service, 3)
    const ids = pins.map((pin) => JSON.stringify(idOf(pin)))
    await ask(LIST, 'a list')
    await ask(LIST, 'list-1')
    await ask(`{ nodes(ids: [${ids}]) { id } }`, 'nodes-1')
    await ask(`mutation { addPin(input: { cid: "${exampleCid(7)}" }) { error { code } } }`, 'add-1')
    await ask(`mutation { removePin(input: { id: ${ids[0]} }) { error { code } } }`, 'remove-1')
    await ask(`mutation { replacePin(input: { id: ${ids[1]}, name: "new" }) { error { code } } }`, 'replace-1')
    await fetch(`${host.url}?query=${encodeURIComponent(LIST)}`, {
      headers: { ...bearer(ALICE), 'x-request-id': 'yoga-1' },
    })
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(calls.map(({ endpoint, class: why, requestIds }) => [endpoint, why, ...requestIds])).toEqual([
      ['list', 'interactive', uuid],
      ['list', 'interactive', 'list-1'],
      ['list', 'interactive', 'nodes-1'],
      ['write', 'mutation', 'add-1'],
      ['write', 'mutation', 'remove-1'],
      ['item', 'mutation', 'replace-1'],
      ['write', 'mutation', 'replace-1'],
      ['list', 'interactive', 'yoga-1'],
    ])
    expect(calls).toHaveLength(host.service.requests.length)
  })

  it('gets the id of a subscription until its snapshot is there, and none for polls', async () => {
    await using setup = await start()
    const { host, calls } = setup
    seedQueued(host.service, 2)
    const client = stockClient(host.url.replace('http', 'ws'))
    const overSocket = eventsOf(client, { query: PINS_CHANGED })
    await nextOf(overSocket)
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(calls.map(({ class: why, requestIds }) => [why, ...requestIds])).toEqual([['interactive', uuid]])
    const headers = { ...bearer(BOB), 'x-request-id': 'stream-1' }
    const stream = await openEventStream(host.url, { query: PINS_CHANGED }, { headers, method: 'POST' })
    await nextOf(stream.events)
    expect(calls.slice(1).map(({ requestIds }) => requestIds)).toEqual([['stream-1']])
    await expect.poll(() => calls.some((call) => call.class === 'live')).toBe(true)
    expect(calls.filter((call) => call.class === 'live').flatMap(({ requestIds }) => requestIds)).toEqual([])
    expect(calls).toHaveLength(host.service.requests.length)
    stream.close()
    await client.dispose()
  })

  it('fails no request by throwing, and is logged once', async () => {
    const fail = (): never => {
      throw new Error('a broken observer')
    }
    await using setup = await start({ onCall: fail, onService: fail })
    const { ask, host } = setup
    seedPins(host.service, 1)
    for (const id of ['r1', 'r2', 'r3'])
      expect(await ask(LIST, id)).toMatchObject({ body: { data: { pins: { nodes: [{}] } } } })
    expect(await ask(LIST, 'r4', 'unknown-token')).toMatchObject({ body: { errors: [{}] } })
    expect(host.logged.filter((line) => line.includes('a broken observer'))).toHaveLength(1)
  })

  it('gets an event for each request that the service gets, whatever clients do, and no token', async () => {
    await using setup = await start(null, 'debug')
    const { ask, host, calls, services } = setup
    const { service } = host
    const step = fc.record({
      does: fc.constantFrom('list', 'node', 'nodes', 'content', 'add', 'replace', 'remove', 'leave', 'break', 'drop'),
      token: fc.constantFrom(ALICE, ALICE, BOB, 'token-of-mallory'),
      pin: fc.nat(4),
    })
    let operations = 0
    const run = async ({ does, token, pin }: { does: string; token: string; pin: number }): Promise<void> => {
      const id = JSON.stringify(idOf(service.pins(ALICE)[pin] ?? { requestId: 'none', cid: exampleCid(9) }))
      const requestId = `op-${++operations}`
      const query: Record<string, string> = {
        list: LIST,
        node: `{ pin(id: ${id}) { name } }`,
        nodes: `{ nodes(ids: [${id}, ${id}]) { id } }`,
        content: `{ content(cid: "${exampleCid(pin)}") { pins { id } } }`,
        add: `mutation { addPin(input: { cid: "${exampleCid(pin)}" }) { error { code } } }`,
        replace: `mutation { replacePin(input: { id: ${id}, name: "${requestId}" }) { error { code } } }`,
        remove: `mutation { removePin(input: { id: ${id} }) { error { code } } }`,
      }
      if (does === 'break') service.breakNext(1)
      else if (does === 'drop') {
        service.hooks.beforeReply = async () => {
          service.hooks.beforeReply = undefined
          return 'drop' as const
        }
      } else if (does === 'leave') {
        const signal = AbortSignal.timeout(pin)
        const body = JSON.stringify({ query: LIST })
        const headers = { ...bearer(token), 'content-type': 'application/json', 'x-request-id': requestId }
        await fetch(host.url, { method: 'POST', headers, body, signal }).catch(() => {})
      } else await ask(query[does] ?? '', requestId, token)
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        await Promise.all(steps.map(run))
        // Requests of clients that have left may still be in flight.
        await expect.poll(() => calls.length).toBe(service.requests.length)
        expect(calls.every(({ requestIds }) => requestIds.length > 0)).toBe(true)
      }),
      { numRuns: 8 },
    )
    const lines = host.logged.filter((line) => line.includes('upstream request'))
    expect(lines).toHaveLength(calls.length)
    const told = JSON.stringify([calls, services])
    for (const token of [ALICE, BOB, 'token-of-mallory']) expect(told).not.toContain(token)
  })
})

it('is an option of startGateway too', async () => {
  await using folder = await temporaryFolder()
  const { observer, calls } = recordEvents()
  const config = parseConfig({ port: 0, dataDir: folder.path })
  await using gateway = await startGateway(config, { log: { write() {} }, observe: observer })
  await post(gateway.url, LIST, { 'x-request-id': 'r1' })
  expect(calls[0]).toMatchObject({ service: 'local', requestIds: ['r1'], status: 200 })
})

it('shows a host how long requests took, and which service has trouble', async () => {
  const recorded: unknown[] = []
  const alerts: string[] = []
  const observe = observeServices({
    record: (...entry) => void recorded.push(entry),
    alert: (text) => void alerts.push(text),
  })
  await using setup = await start(observe)
  const { ask, host } = setup
  seedPins(host.service, 1)
  host.service.breakNext(1)
  await ask(LIST, 'r1')
  await ask(LIST, 'r2', 'unknown-token')
  const labels = { service: 'one', endpoint: 'list' }
  expect(recorded).toEqual(
    ['500', '200', '401'].map((result) => ['pinql_upstream_request_ms', expect.any(Number), { ...labels, result }]),
  )
  host.service.breakNext(5)
  await ask(LIST, 'r3')
  await ask(LIST, 'r4')
  // That another token was refused does not show that the service works.
  expect(alerts).toEqual(['one answered 500, several times in a row: pinql sends no requests for a while'])
})

describe('the log', () => {
  it('has a line for a refused token at the usual level, and none for a request', async () => {
    await using setup = await start()
    const { ask, host } = setup
    await ask(LIST, 'r1')
    await ask(LIST, 'r2', 'unknown-token')
    const lines = host.logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg !== 'request')
    expect(lines).toMatchObject([
      { level: 'warn', state: 'refusingToken', service: 'one', msg: "one refused a caller's token" },
    ])
    expect(host.logged.join()).not.toContain('unknown-token')
  })

  it('has a line for each request at the level debug', async () => {
    await using setup = await start(null, 'debug')
    const { ask, host } = setup
    seedPins(host.service, 1)
    await ask(LIST, 'r1')
    const lines = host.logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'upstream request')
    expect(lines).toMatchObject([
      { level: 'debug', service: 'one', endpoint: 'list', attempt: 1, requestIds: ['r1'], status: 200 },
    ])
  })
})
