import { PIN_STATUSES, type Pin } from '../../../src/domain/pin.ts'
import type { Informers, InformersOptions, WatchOptions } from '../../../src/live/informers.ts'
import type { LiveEvent } from '../../../src/live/live-event.ts'
import type { LiveReader } from '../../../src/live/live-reader.ts'
import type { Selection } from '../../../src/live/selection.ts'
import type { RateLimit } from '../../../src/upstream/budget/rate-limit.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import { USUAL_CAPABILITIES } from '../../../src/upstream/providers/capabilities.ts'
import type { Service } from '../../../src/upstream/service/service.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { createInformers } from '../live-informers.ts'
import { createTestRegistry } from '../upstream/create-test-registry.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { ModelService } from './model-service.ts'

/** Enough for everything. */
const GENEROUS: readonly RateLimit[] = [{ limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }]

export interface ModelLiveOptions extends Pick<InformersOptions, 'random' | 'room'> {
  readonly limits?: readonly RateLimit[]
  readonly capabilities?: Partial<Capabilities>
}

/** Live status over a model service, all in this process and on one clock that stands still. */
export interface ModelLive extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly upstream: ModelService
  readonly service: Service
  readonly live: Informers
  tenant(token: string): Tenant
  watch(token: string, selection: Selection, options?: WatchOptions): LiveReader
}

export function startModelLive(options: ModelLiveOptions = {}): ModelLive {
  const { limits = GENEROUS, capabilities = {}, random, room } = options
  const clock = new VirtualClock()
  const upstream = new ModelService({ clock })
  const settings = { name: 'model', endpoint: 'http://model.invalid', token: null, provider: null, limits }
  const registry = createTestRegistry(
    [{ ...settings, capabilities: { ...USUAL_CAPABILITIES, ...capabilities } }],
    'model',
    {
      clock,
      connect: upstream.connect,
      random,
    },
  )
  const service = registry.get('model')
  const live = createInformers({ random, room })
  const tenant = (token: string): Tenant => registry.tenant('model', token)
  return {
    clock,
    upstream,
    service,
    live,
    tenant,
    watch: (token, selection, options) => live.watch([{ tenant: tenant(token), service, selection }], options),
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
    },
  }
}

export function ids(pins: Iterable<Pin>, untilSettled = false): Selection {
  const refs = [...pins].map(
    ({ service, requestId, cid }) => [requestId, { service, requestId, cid: cid.text }] as const,
  )
  return { kind: 'ids', refs: new Map(refs), untilSettled }
}

export function query(filter: Partial<PinQuery> = {}): Selection {
  return { kind: 'query', query: { statuses: PIN_STATUSES, ...filter } }
}

/** All events as they come, and how the stream ended. */
export interface Recording {
  readonly events: LiveEvent[]
  /** Null while it goes on; `done`, or the error. */
  end: unknown
}

export function record(reader: LiveReader): Recording {
  const recording: Recording = { events: [], end: null }
  const run = async (): Promise<void> => {
    for await (const event of reader) recording.events.push(event)
  }
  run().then(
    () => {
      recording.end = 'done'
    },
    (error: unknown) => {
      recording.end = error
    },
  )
  return recording
}

/** An event in a word or two. */
export function brief(event: LiveEvent): string {
  switch (event.kind) {
    case 'STALE':
      return `stale:${event.reason.code}`
    case 'RESUMED':
      return 'resumed'
    case 'CAUGHT_UP':
      return event.isResync ? 'caught up, resync' : 'caught up'
    case 'REMOVED':
      return `removed ${event.requestId}`
    case 'REPLACED':
      return `replaced ${event.replaced.requestId} by ${event.pin.requestId}`
    case 'SNAPSHOT':
      return `${event.isResync ? 'resync' : 'snapshot'} ${event.pin.requestId} ${event.pin.status}`
    case 'ADDED':
      return `added ${event.pin.requestId} ${event.pin.status}`
    case 'STATUS_CHANGED':
      return `${event.pin.requestId} ${event.previousStatus} to ${event.pin.status}`
  }
}
