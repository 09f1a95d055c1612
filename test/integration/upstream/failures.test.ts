import { afterEach, describe, expect, it, vi } from 'vitest'
import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { deferred } from '../../support/deferred.ts'
import { expectInTime } from '../../support/expect-in-time.ts'
import { type Faults, startFaultProxy } from '../../support/fault-proxy.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, NOTHING_TO_CHECK, startTestApi } from '../../support/start-test-api.ts'
import { createService } from '../../support/upstream/create-service.ts'
import { createTenant } from '../../support/upstream/create-tenant.ts'

const HEALTH = '{ services { name health { state breaker lastError { code message } } } }'
const PIN = `query ($service: String!) { pin(service: $service, requestId: "none") { id } }`

function openTenant(endpoint: string, timeoutMs = 10_000): Tenant & AsyncDisposable {
  const settings = { name: 'test', endpoint, token: null, provider: null, capabilities: NOTHING_TO_CHECK }
  const service = createService(settings, { timeoutMs })
  return Object.assign(createTenant(service, 'test:alice', ALICE), {
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  })
}

afterEach(() => vi.restoreAllMocks())

describe('a service that fails', () => {
  it('is shown as degraded, then left alone and shown as down; others go on, and it comes back', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await using sick = await startEmulatedProvider(compliant)
    await using well = await startEmulatedProvider(compliant)
    await using api = startTestApi({
      timeoutMs: 1000,
      services: [
        { name: 'sick', endpoint: sick.endpoint },
        { name: 'well', endpoint: well.endpoint },
      ],
    })
    /** The code of the only error. */
    const ask = async (service: string) => {
      const { data, errors } = await api.query(PIN, { service })
      expect([data, errors?.length]).toEqual([{ pin: null }, 1])
      return errors?.[0]?.extensions?.code
    }
    const health = async () => (await api.query(HEALTH)).data.services
    const isUp = { state: 'UP', breaker: 'CLOSED', lastError: null }
    const lastError = {
      code: 'SERVICE_UNAVAILABLE',
      message: 'sick answered 500 INTERNAL_SERVER_ERROR: Something went wrong',
    }

    const answered = deferred()
    sick.breakNext(1)
    sick.hooks.beforeReply = async () => {
      if (sick.count() > 1) await answered.promise
      return undefined
    }
    const asked = ask('sick')
    await expect.poll(() => sick.count()).toBe(2)
    expect(await health()).toEqual([
      { name: 'sick', health: { state: 'DEGRADED', breaker: 'CLOSED', lastError } },
      { name: 'well', health: isUp },
    ])
    answered.resolve()
    expect(await asked).toBe('PIN_NOT_FOUND')
    sick.hooks.beforeReply = undefined

    sick.breakNext(1000)
    expect([await ask('sick'), await ask('well')]).toEqual(['SERVICE_UNAVAILABLE', 'PIN_NOT_FOUND'])
    expect((await health())[0]).toEqual({ name: 'sick', health: { state: 'DOWN', breaker: 'OPEN', lastError } })

    const waiting = ask('sick')
    sick.breakNext(0)
    expect(await waiting).toBe('PIN_NOT_FOUND')
    expect((await health()).map(({ health: { state } }: { health: { state: string } }) => state)).toEqual(['UP', 'UP'])
  })

  it('is tried again for reads and removals when a connection breaks', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using tenant = openTenant(service.endpoint)
    const [pin] = service.seed(ALICE, [{ cid: exampleCid(1) }])
    let drops = 1
    service.hooks.beforeReply = async () => (drops-- > 0 ? 'drop' : undefined)
    expect((await tenant.reads.listPins({ statuses: PIN_STATUSES, limit: 1 })).pins).toHaveLength(1)
    expect(service.count('GET')).toBe(2)

    drops = 1
    await tenant.removePin(pin?.requestId ?? '')
    expect([service.count('DELETE'), service.pins(ALICE)]).toEqual([2, []])
  })

  it.each<[string, Faults]>([
    ['swallows what it is sent', { upstream: { timeout: { afterMs: 0 } } }],
    ['swallows what it answers', { downstream: { timeout: { afterMs: 0 } } }],
    ['answers a byte a second', { downstream: { slicer: { averageBytes: 1, delayMs: 1000 } } }],
    ['answers too late', { downstream: { latency: { ms: 5000 } } }],
    ['resets every connection', { resetPeer: { afterMs: 0 } }],
    ['ends in the middle of an answer', { downstream: { limitData: { bytes: 100 } } }],
    ['closes before it answers', { upstream: { limitData: { bytes: 10 } } }],
  ])('and %s is unavailable within the deadline', async (_, faults) => {
    await using service = await startEmulatedProvider(compliant)
    await using proxy = await startFaultProxy(service.endpoint)
    await using tenant = openTenant(proxy.endpoint, 500)
    proxy.set(faults)
    await expectInTime({ 'two and a half timeoutMs': 1250 }, () =>
      expect(tenant.reads.listPins({ statuses: PIN_STATUSES, limit: 1 })).rejects.toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
        service: 'test',
      }),
    )
  })

  it('and cannot be reached is unavailable before a try would be over', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using proxy = await startFaultProxy(service.endpoint)
    await using tenant = openTenant(proxy.endpoint, 1000)
    await proxy.down()
    await expectInTime({ timeoutMs: 1000 }, () =>
      expect(tenant.getPin('id')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', mayHaveActed: false }),
    )
    await proxy.up()
    await expect(tenant.getPin('id')).rejects.toMatchObject({ code: 'PIN_NOT_FOUND' })
  })

  it('leaves no connection, listener or timer behind after 1,000 calls with faults and aborts', async () => {
    // Files of tests share a process, and an earlier one's connections may still be open.
    const openSockets = () => process.getActiveResourcesInfo().filter((each) => each === 'TCPSocketWrap').length
    const before = openSockets()
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    await using service = await startEmulatedProvider(compliant)
    await using proxy = await startFaultProxy(service.endpoint)
    {
      await using tenant = openTenant(proxy.endpoint, 300)
      const faults: Faults[] = [
        {},
        { resetPeer: { afterMs: 1 } },
        {},
        { downstream: { limitData: { bytes: 150 } } },
        {},
        { downstream: { latency: { ms: 20, jitterMs: 20 } } },
      ]
      for (let round = 0; round < 20; round++) {
        proxy.set(faults[round % faults.length] ?? {})
        const calls = Array.from({ length: 50 }, (_, n) => {
          const signal = n % 3 === 0 ? AbortSignal.timeout(5) : undefined
          return n % 2
            ? tenant.getPin(`id ${n}`, { signal })
            : tenant.reads.listPins({ statuses: PIN_STATUSES, limit: n + 1 }, { signal })
        })
        await Promise.allSettled(calls)
      }
    }
    await expect.poll(() => proxy.connections).toBe(0)
    await expect.poll(openSockets).toBeLessThanOrEqual(before)
    process.off('warning', note)
    expect(warnings).toEqual([])
  })
})
