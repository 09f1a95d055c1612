import { expect, it } from 'vitest'
import { PACKAGES } from '../support/layers/allowed-packages.ts'
import { checkLayers, type Layers } from '../support/layers/check-layers.ts'
import { findCircles } from '../support/layers/find-circles.ts'
import { readSources } from '../support/layers/read-sources.ts'
import { UPSTREAM_LAYERS } from '../support/layers/upstream-layers.ts'

// Which folder of src may import which. Imports of types count. A file belongs to the longest row that contains it: it may import all
// that this row contains, and all that the row lists, with everything below. Two things fail besides an import that is not allowed:
// a file that no row contains, and an entry that no import needs.

const LAYERS: Layers = {
  domain: [],
  client: [],
  storage: [],
  config: ['domain'],
  observability: ['upstream/observing/upstream-observer.ts'],
  ...UPSTREAM_LAYERS,

  loaders: ['domain', 'upstream/waiting'],
  // The floor of `live` is what others import, and what connects its rooms.
  live: [
    'domain',
    'upstream/http/list-query.ts',
    'upstream/observing/tenant-observer.ts',
    'upstream/providers/capabilities.ts',
    'upstream/service/tenant-call-options.ts',
    'upstream/waiting',
  ],
  // Which pins subscribers follow, and what is known of them. All of `live` reads and writes it.
  'live/watched': [
    'domain',
    'live/live-event.ts',
    'live/live-reader.ts',
    'live/selection.ts',
    'upstream/http/list-query.ts',
    'upstream/waiting/stop.ts',
  ],
  // Who gets which event. It sends no requests.
  'live/telling': [
    'domain',
    'live/live-event.ts',
    'live/live-reader.ts',
    'live/selection.ts',
    'live/watched',
    'upstream/waiting/clock.ts',
  ],
  // Which requests are sent, and when. It knows no subscriber, only their audience.
  'live/polling': [
    'domain',
    'live/live-tenant.ts',
    'live/telling/audience.ts',
    'live/watched',
    'upstream/budget/rate-limit.ts',
    'upstream/budget/safe-pace.ts',
    'upstream/budget/token-key.ts',
    'upstream/http/list-query.ts',
    'upstream/observing/tenant-observer.ts',
    'upstream/providers/capabilities.ts',
    'upstream/service/tenant-call-options.ts',
    'upstream/waiting',
  ],
  // Of upstream, what a tenant and a service show; nothing that could reach the wire past the budget.
  resolvers: [
    'domain',
    'live',
    'loaders',
    'upstream/budget/request-budget.ts',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/providers/capabilities.ts',
    'upstream/reading/lists/left-out.ts',
    'upstream/reading/streams/count-pins.ts',
    'upstream/breaker/service-health.ts',
    'upstream/learning/learned-capabilities.ts',
    'upstream/service/tenant-call-options.ts',
    'upstream/waiting',
    'upstream/writes/replacement.ts',
  ],
  schema: [
    'domain',
    'live',
    'resolvers',
    'upstream/breaker/service-health.ts',
    'upstream/learning/learned-capabilities.ts',
  ],

  server: [
    'config',
    'domain/loopback-host.ts',
    'domain/request-room.ts',
    'live',
    'observability',
    'schema',
    'upstream/observing/upstream-observer.ts',
    'upstream/tenant/service-registry.ts',
    'upstream/waiting/clock.ts',
  ],
  // Steps around every HTTP request. Transports may import only the files of it that they name.
  'server/http': [
    'domain/allowed-origins.ts',
    'domain/chunk-sizes.ts',
    'domain/idle-connections.ts',
    'domain/loopback-host.ts',
    'observability/logger.ts',
    'server/caller',
    'server/loopback.ts',
    'upstream/waiting',
  ],
  'server/caller': ['domain'],
  // Of the schema it knows what fields cost. It gets the schema itself as a value.
  'server/graphql': [
    'domain',
    'live',
    'observability',
    'resolvers',
    'schema/field-cost.ts',
    'server/caller',
    'upstream/waiting',
  ],
  'server/pages': [],
  // Transports move bytes, and know nothing of pins. The floor connects their rooms, which know each other only as listed here.
  'server/transports': [
    'config/gateway-config.ts',
    'domain/body-chunks.ts',
    'domain/request-room.ts',
    'observability/logger.ts',
    'server/caller',
    'server/graphql',
    'server/http/graphql-handler.ts',
    'server/http/request-guard.ts',
    'upstream/waiting',
  ],
  // Code that WebSockets and event streams share.
  'server/transports/connections': [
    'config/gateway-config.ts',
    'observability/logger.ts',
    'server/caller',
    'server/graphql',
    'server/http/request-guard.ts',
    'domain/request-room.ts',
    'upstream/waiting/clock.ts',
  ],
  'server/transports/event-stream': [
    'server/graphql',
    'server/http/graphql-handler.ts',
    'server/http/send-json.ts',
    'server/transports/connections',
    'server/transports/read-body.ts',
    'domain/request-room.ts',
    'upstream/waiting/stop.ts',
  ],
  'server/transports/web-socket': [
    'domain/errors.ts',
    'domain/untrusted-json.ts',
    'server/caller',
    'server/graphql',
    'server/http/graphql-path.ts',
    'server/http/request-id.ts',
    'server/transports/connections',
    'domain/request-room.ts',
    'upstream/waiting/clock.ts',
  ],
  // Hands unusual requests to Yoga.
  'server/transports/http-json': [
    'server/caller',
    'server/graphql',
    'server/http/graphql-handler.ts',
    'server/transports/read-body.ts',
    'domain/request-room.ts',
    'server/transports/yoga/yoga.ts',
  ],
  'server/transports/yoga': [
    'observability/logger.ts',
    'server/caller',
    'server/graphql',
    'server/transports/give-way-to-read.ts',
    'upstream/waiting/stop.ts',
  ],
  // The services of the configuration, the embedded one included. Knows no client.
  'server/services': [
    'config',
    'domain/pin-room.ts',
    'embedded',
    'live',
    'observability',
    'server/loopback.ts',
    'storage/private-files.ts',
    'upstream/budget',
    'upstream/observing/upstream-observer.ts',
    'upstream/providers',
    'upstream/service/service-settings.ts',
    'upstream/tenant/service-registry.ts',
    'upstream/writes',
  ],

  psa: ['domain'],
  // The embedded service and the gateway meet over HTTP only; `server` starts it.
  embedded: ['storage'],
  'embedded/limits.ts': [],
  'embedded/dag': ['domain/greediest.ts'],
  'embedded/store': ['domain', 'embedded/dag/block-key.ts', 'storage'],
  'embedded/http': [
    'domain',
    'embedded/dag/event-loop-turns.ts',
    'embedded/limits.ts',
    'embedded/store',
    'psa',
    'storage/storage-trouble.ts',
  ],
  'embedded/queue': ['domain', 'embedded/limits.ts', 'embedded/store', 'storage/storage-trouble.ts'],
  'embedded/bitswap': ['domain/greediest.ts', 'embedded/dag', 'storage/private-files.ts'],
  'embedded/fetch': [
    'domain',
    'embedded/bitswap',
    'embedded/dag',
    'embedded/limits.ts',
    'embedded/queue/check-size.ts',
    'embedded/queue/keeper.ts',
    'embedded/store',
    'storage/open-database.ts',
  ],
  'embedded/kubo': [
    'domain',
    'embedded/dag/cid-of-key.ts',
    'embedded/fetch/dial-policy.ts',
    'embedded/fetch/origin-connections.ts',
    'embedded/limits.ts',
    'embedded/queue/check-size.ts',
    'embedded/queue/keeper.ts',
    'embedded/store',
    'storage',
  ],
  'embedded/backup': ['domain', 'embedded/dag', 'embedded/kubo/kubo-ledger.ts', 'embedded/store', 'psa', 'storage'],

  cli: [
    'config',
    'domain',
    'observability',
    'embedded',
    'schema',
    'server',
    'storage',
    'upstream/tenant/service-registry.ts',
  ],
  'index.ts': [
    'config',
    'domain/change-errors.ts',
    'domain/errors.ts',
    'observability/logger.ts',
    'server',
    'upstream/observing/upstream-observer.ts',
  ],
}

const sources = readSources(new URL('../../src/', import.meta.url))

it('each file imports only what LAYERS and PACKAGES allow, and no entry of them is left over', () => {
  expect(checkLayers(sources, LAYERS, PACKAGES)).toEqual([])
})

it('LAYERS has no circle of top folders', () => {
  const folderOf = (path: string) => path.split('/')[0] ?? path
  const folders = new Map<string, Set<string>>()
  for (const [room, allowed] of Object.entries(LAYERS)) {
    const others = allowed.map(folderOf).filter((folder) => folder !== folderOf(room))
    folders.set(folderOf(room), new Set([...(folders.get(folderOf(room)) ?? []), ...others]))
  }

  const asFiles = [...folders].map(([path, others]) => ({ path, imports: [...others].map((folder) => `./${folder}`) }))
  expect(findCircles(asFiles)).toEqual([])
})

it.each(['src', 'test', 'bench', 'scripts'])(
  'files of %s import each other in no circle, not even for types',
  (folder) => {
    const files = folder === 'src' ? sources : readSources(new URL(`../../${folder}/`, import.meta.url))
    expect(findCircles(files)).toEqual([])
  },
)
