import { parseCid } from '../../../src/domain/cid.ts'
import { PinNotFoundError } from '../../../src/domain/errors.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import type { RateLimit } from '../../../src/upstream/budget/rate-limit.ts'
import type { CallOptions, PinClient } from '../../../src/upstream/http/client.ts'
import { createPinFilter, type ListQuery } from '../../../src/upstream/http/list-query.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import { LookupQueue } from '../../../src/upstream/reading/lookups/lookup-queue.ts'
import { Service } from '../../../src/upstream/service/service.ts'
import type { ServiceCall } from '../../../src/upstream/service/service-call.ts'
import type { ServiceSettings } from '../../../src/upstream/service/service-settings.ts'
import type { StopSignal } from '../../../src/upstream/waiting/stop.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { limitsOfOne } from './create-service.ts'

/** One request as the service saw it: the CIDs of a list, `all` for a list of everything, or the id of one pin. */
export interface SeenRequest {
  readonly at: number
  readonly asked: readonly string[] | 'all' | string
}

/** A pin that the service holds; its request id is its number. */
export function examplePin(n: number): Pin {
  return {
    service: 'test',
    requestId: `id-${n}`,
    status: 'pinned',
    cid: parseCid(exampleCid(n)),
    name: null,
    created: parseInstant(new Date(Date.UTC(2026, 0, 1) + n).toISOString()),
    origins: [],
    meta: {},
    delegates: [],
    info: {},
  }
}

export interface LookupHarnessOptions {
  readonly limits?: readonly RateLimit[]
  readonly capabilities?: Partial<Capabilities>
  /** Presumed number of the tenant's pins. Default: unknown. */
  readonly total?: number | null
  /** Milliseconds on the clock that the service takes to answer. Default 0. */
  readonly answersInMs?: number
  /** Returns the error that replaces the answer to a request. */
  readonly fail?: (asked: SeenRequest['asked']) => Error | undefined
}

/** A queue over the real budget and retries, on a clock that the test moves, at a service in memory that knows `pins`. */
export function createLookups(pins: readonly Pin[], options: LookupHarnessOptions = {}) {
  const { answersInMs = 0 } = options
  const clock = new VirtualClock(1000)
  const requests: SeenRequest[] = []
  const aborted: SeenRequest['asked'][] = []
  let total = options.total ?? null

  async function answer<Value>(asked: SeenRequest['asked'], { signal }: CallOptions, value: () => Value) {
    requests.push({ at: clock.now(), asked })
    await new Promise<void>((resolve, reject) => {
      if (answersInMs === 0) return resolve()
      clock.setTimeout(resolve, answersInMs)
      signal?.addEventListener('abort', () => {
        aborted.push(asked)
        reject(signal.reason)
      })
    })
    const error = options.fail?.(asked)
    if (error) throw error
    return value()
  }
  const unused = () => Promise.reject(new Error('not used here'))
  const client: PinClient = {
    listPins: (query, callOptions) =>
      answer(query.cids?.map(({ text }) => text) ?? 'all', callOptions, () => {
        const seen = service.capabilities.cidFilter === 'exact' ? query : { ...query, cids: undefined }
        const found = pins.filter(createPinFilter(seen))
        return { count: found.length, pins: found.slice(0, query.limit) }
      }),
    getPin: (requestId, callOptions) =>
      answer(requestId, callOptions, () => {
        const pin = pins.find((each) => each.requestId === requestId)
        if (!pin) throw new PinNotFoundError('test', requestId)
        return pin
      }),
    addPin: unused,
    replacePin: unused,
    removePin: unused,
  }
  class ServiceInMemory extends Service {
    override call<Value>(call: ServiceCall<Value>): Promise<Value> {
      return super.call({ ...call, send: (_client, callOptions) => call.send(client, callOptions) })
    }
  }
  const settings: ServiceSettings = {
    name: 'test',
    endpoint: 'http://127.0.0.1:9',
    token: null,
    provider: null,
    limits: options.limits ?? [{ limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }],
    capabilities: { count: 'matching', maxCids: 10, ...options.capabilities },
  }
  const shared = limitsOfOne(settings, clock)
  const service = new ServiceInMemory(settings, { clock, timeoutMs: 10_000 }, shared)
  const list = async (each: PinClient, query: ListQuery, callOptions: CallOptions) => {
    const page = await each.listPins(query, callOptions)
    if (!query.cids) total = page.count
    return page
  }
  const queue = new LookupQueue(service, {
    key: 'alice',
    get capabilities() {
      return service.capabilities
    },
    token: 'token',
    generation: 0,
    total: () => total,
    list,
    isAvoidable: () => false,
    isWhole: async () => true,
    collect: async (cids, signal) => {
      await answer(
        ['collect', ...(cids ?? []).map(({ text }) => text)],
        { token: '', signal, timeoutMs: 10_000 },
        () => {},
      )
      total = pins.length
      return { pins: pins.filter(createPinFilter({ cids, statuses: ['queued', 'pinning', 'pinned', 'failed'] })) }
    },
  })

  /** Looks a pin up, and tells how that ended so far: `waits`, the request ids found, or the error. */
  function lookUp(
    n: number,
    {
      isContent = false,
      signal = new AbortController().signal,
    }: { isContent?: boolean; signal?: StopSignal | undefined } = {},
  ) {
    const { cid, requestId } = examplePin(n)
    const looked: { outcome: unknown; ended: Promise<void> } = { outcome: 'waits', ended: Promise.resolve() }
    looked.ended = queue.find({ cid, requestId: isContent ? null : requestId }, signal).then(
      (found) => {
        looked.outcome = found.map((pin) => pin.requestId)
      },
      (error: unknown) => {
        looked.outcome = error
      },
    )
    return looked
  }
  return { clock, service, budget: shared.budget, requests, aborted, lookUp }
}

export function range(count: number, first = 0): number[] {
  return Array.from({ length: count }, (_, n) => first + n)
}
