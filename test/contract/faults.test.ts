import { afterAll, expect, it } from 'vitest'
import { MalformedResponseError, type PinqlError, ServiceUnavailableError } from '../../src/domain/errors.ts'
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import type { ServiceClient } from '../../src/upstream/http/client.ts'
import { NEW_PIN, OPERATIONS } from '../support/every-operation.ts'
import { expectInTime } from '../support/expect-in-time.ts'
import { type FaultProxy, type Faults, startFaultProxy } from '../support/fault-proxy.ts'
import { compliant } from '../support/providers/compliant.ts'
import { startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import {
  hugeBody,
  reset,
  type ScriptedHandler,
  slowBody,
  stall,
  startScriptedServer,
  truncatedJson,
  wrongContentLength,
} from '../support/scripted-server.ts'
import { openClient } from '../support/upstream/open-client.ts'
import { ALICE } from '../support/zoo/start-zoo-case.ts'

const DEADLINE_MS = 400
const EMPTY = { count: 0, results: [] }

const unhandled: unknown[] = []
process.on('unhandledRejection', note)
afterAll(() => {
  process.off('unhandledRejection', note)
  expect(unhandled, 'rejections that nobody handled').toEqual([])
})

function note(reason: unknown): void {
  unhandled.push(reason)
}

/** Calls a service, which must end in time. Returns the error, or null where there was an answer. */
async function attempt(
  name: string,
  call: (client: ServiceClient) => Promise<unknown>,
  endpoint: string,
  timeoutMs = DEADLINE_MS,
): Promise<PinqlError | null> {
  await using client = openClient({ name: 'one', endpoint, timeoutMs })
  return await expectInTime({ [`timeoutMs of ${name}`]: timeoutMs }, () =>
    call(client).then(
      () => null,
      (caught: PinqlError) => caught,
    ),
  )
}

/** Each fault, and whether a call can survive it. */
const FAULTS: readonly (readonly [string, Faults | 'down', 'fails' | 'survives'])[] = [
  ['latency', { downstream: { latency: { ms: 20, jitterMs: 10 } } }, 'survives'],
  ['too much latency', { downstream: { latency: { ms: 10 * DEADLINE_MS } } }, 'fails'],
  ['a service that is down', 'down', 'fails'],
  ['a narrow line', { downstream: { bandwidth: { bytesPerSecond: 20_000 } } }, 'survives'],
  ['hardly any line', { downstream: { bandwidth: { bytesPerSecond: 50 } } }, 'fails'],
  ['a slow close', { downstream: { slowClose: { delayMs: 50 } } }, 'survives'],
  ['a black hole for answers', { downstream: { timeout: { afterMs: 0 } } }, 'fails'],
  ['a black hole for requests', { upstream: { timeout: { afterMs: 0 } } }, 'fails'],
  ['a hang-up', { downstream: { timeout: { afterMs: 50 } } }, 'fails'],
  ['a reset', { resetPeer: { afterMs: 0 } }, 'fails'],
  ['answers in slices', { downstream: { slicer: { averageBytes: 10, variationBytes: 5 } } }, 'survives'],
  ['an answer that is cut off', { downstream: { limitData: { bytes: 60 } } }, 'fails'],
  ['a request that is cut off', { upstream: { limitData: { bytes: 20 } } }, 'fails'],
]

function apply(proxy: FaultProxy, fault: Faults | 'down'): Promise<void> | void {
  return fault === 'down' ? proxy.down() : proxy.set(fault)
}

it.each(FAULTS)('%s: every operation ends in time, with a typed error or an answer', async (_, fault, outcome) => {
  await using service = await startEmulatedProvider(compliant)
  await using proxy = await startFaultProxy(service.endpoint)
  service.seed(ALICE, [
    { cid: exampleCid(1), requestId: 'r1' },
    { cid: exampleCid(2), requestId: 'r2' },
  ])
  await apply(proxy, fault)

  for (const [name, call] of Object.entries(OPERATIONS)) {
    const requestId = name === 'remove' ? 'r2' : 'r1'
    const error = await attempt(name, (client) => call(client, { token: ALICE }, requestId), proxy.endpoint)
    if (outcome === 'survives') expect(error, name).toBeNull()
    else {
      expect(error, name).toBeInstanceOf(ServiceUnavailableError)
      const isRead = name === 'list' || name === 'get'
      // A connection that never stood changed nothing; any other may have.
      expect(error, name).toMatchObject({ mayHaveActed: !isRead && fault !== 'down' })
      expect(`${error?.message}`, name).not.toContain(new URL(proxy.endpoint).port)
    }
  }
})

const ANSWERS: readonly (readonly [
  string,
  ScriptedHandler,
  typeof MalformedResponseError | typeof ServiceUnavailableError,
])[] = [
  ['half of a JSON document', truncatedJson(200, EMPTY), MalformedResponseError],
  ['a reset before the answer', reset(), ServiceUnavailableError],
  ['a reset within the answer', reset('{"count":'), ServiceUnavailableError],
  ['no answer', stall(), ServiceUnavailableError],
  ['an answer that stops', stall('{"count":'), ServiceUnavailableError],
  ['an answer that trickles', slowBody(200, EMPTY, { chunkBytes: 1, everyMs: 100 }), ServiceUnavailableError],
  ['an answer without end', hugeBody(200, 20e6), MalformedResponseError],
  ['fewer bytes than announced', wrongContentLength(200, EMPTY), ServiceUnavailableError],
]

it.each(ANSWERS)('%s: every operation ends in time, with a typed error', async (what, handler, errorClass) => {
  for (const [name, call] of Object.entries(OPERATIONS)) {
    // Any success will do for a removal, whatever its body.
    if (name === 'remove' && what.startsWith('half')) continue
    await using upstream = await startScriptedServer()
    upstream.reply(handler)
    // More than the 16 MiB that are read take a while, and fail by their size.
    const timeoutMs = what.endsWith('without end') ? 10_000 : DEADLINE_MS
    const error = await attempt(name, (client) => call(client, { token: ALICE }, 'r1'), upstream.endpoint, timeoutMs)
    expect(error, name).toBeInstanceOf(errorClass)
  }
})

it('aborting is no error of the service: every operation rejects with the reason, at once', async () => {
  await using upstream = await startScriptedServer()
  await using client = openClient({ name: 'one', endpoint: upstream.endpoint })
  for (const call of Object.values(OPERATIONS)) {
    upstream.reply(stall())
    const controller = new AbortController()
    const reason = new Error('gone')
    const pending = call(client, { token: ALICE, signal: controller.signal }, 'r1')
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
  }
})

it('leaves no handle behind after many calls, good and bad', async () => {
  await using service = await startEmulatedProvider(compliant)
  await using proxy = await startFaultProxy(service.endpoint)
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  {
    await using client = openClient({ name: 'one', endpoint: proxy.endpoint, timeoutMs: 2_000 })
    for (let round = 0; round < 10; round++) {
      proxy.set(round % 2 === 0 ? {} : { downstream: { limitData: { bytes: 50 } } })
      const query = { statuses: PIN_STATUSES, limit: 10 }
      const calls = Array.from({ length: 30 }, (_, n) =>
        n % 3 === 0 ? client.addPin(NEW_PIN, { token: ALICE }) : client.listPins(query, { token: ALICE }),
      )
      await Promise.allSettled(calls)
    }
    expect(timers() - before, 'one timer a call would be 300').toBeLessThan(20)
  }
  expect(proxy.connections).toBeLessThan(20)
})
