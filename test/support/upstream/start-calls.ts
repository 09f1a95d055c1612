import { expect } from 'vitest'
import { PinNotFoundError, ServiceUnavailableError } from '../../../src/domain/errors.ts'
import type { RateLimit } from '../../../src/upstream/budget/rate-limit.ts'
import type { CallOptions, PinClient } from '../../../src/upstream/http/client.ts'
import type { ServiceCall } from '../../../src/upstream/service/service-call.ts'
import { Stop, type StopSignal } from '../../../src/upstream/waiting/stop.ts'
import { ModelService } from '../model/model-service.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { createService } from './create-service.ts'

export const PER_SECOND: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
export const LISTS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'address', endpoint: 'all' }
/** A list a minute: none is left when the service is known to be down. */
export const ONE_LIST: readonly RateLimit[] = [{ ...LISTS, limit: 1, endpoint: 'list' }]
const PAGE = { statuses: ['pinned'], limit: 10 } as const
export const unreachable = new ServiceUnavailableError('model could not be reached', { service: 'model' })

export type What = 'list' | 'pin' | 'remove' | 'poll'

async function send(what: What, client: PinClient, options: CallOptions): Promise<unknown> {
  // An add of the model makes a pin, whose answer is as good as that of any change.
  if (what === 'remove') return client.addPin({ cid: {} as never, name: '', origins: [], meta: {} }, options)
  if (what !== 'pin') return client.listPins(PAGE, options)
  return client.getPin('absent', options).catch((error: unknown) => {
    if (!(error instanceof PinNotFoundError)) throw error
  })
}

/** A model service that can be down, and calls that note how and when they end. */
export function startCalls(limits: readonly RateLimit[] = [PER_SECOND]) {
  const clock = new VirtualClock(1000)
  const model = new ModelService({ clock })
  const trouble = { isDown: false, hangsMs: 0 }
  model.fate = () => {
    if (!trouble.isDown) return { afterMs: 10 }
    return { beforeMs: trouble.hangsMs, refusal: unreachable }
  }
  const settings = { name: 'model', endpoint: 'http://model.invalid', token: null, provider: null, limits }
  const service = createService(settings, { clock, connect: model.connect })
  function call(
    what: What,
    {
      tenant = 'alice',
      callerKey,
      signal = callerKey === undefined ? undefined : new Stop({ asker: { callerKey } }),
    }: { tenant?: string; callerKey?: string; signal?: StopSignal | undefined } = {},
  ) {
    const startedAt = clock.now()
    const outcome: { value?: unknown; tookMs?: number; endedAt?: number } = {}
    const made: ServiceCall<unknown> = {
      tenantKey: tenant,
      token: tenant,
      signal,
      endpoint: what === 'remove' ? 'write' : what === 'pin' ? 'item' : 'list',
      class: what === 'remove' ? 'mutation' : what === 'poll' ? 'live' : 'interactive',
      isRepeatable: what !== 'remove',
      send: (client, options) => send(what, client, options),
    }
    const end = (value: unknown): void => {
      outcome.value = value
      outcome.endedAt = clock.now()
      outcome.tookMs = clock.now() - startedAt
    }
    service.call(made).then(() => end('answer'), end)
    return outcome
  }
  /** Three polls fail, so that the service is known to be down. */
  async function goDown(): Promise<void> {
    trouble.isDown = true
    call('poll')
    if (limits !== ONE_LIST) await clock.advance(1000)
    for (let n = 1; n < 3 && limits === ONE_LIST; n++) {
      await clock.advance(61_000)
      call('poll')
    }
    await clock.advance(0)
    expect(service.health('alice').state).toBe('down')
    model.requests.length = 0
  }
  const operations = () => model.requests.map(({ operation }) => operation)
  return { clock, model, service, trouble, call, goDown, operations }
}
