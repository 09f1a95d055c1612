import { expect, it } from 'vitest'
import { checkLayers, type Layers, type Packages } from '../support/layers/check-layers.ts'
import { findCircles } from '../support/layers/find-circles.ts'
import { readSources } from '../support/layers/read-sources.ts'

// Which folder of src may import which. Imports of types count. A file belongs to the longest row that contains it: it may import all
// that this row contains, and all that the row lists, with everything below. Two things fail besides an import that is not allowed:
// a file that no row contains, and an entry that no import needs.

const LAYERS: Layers = {
  domain: [],
  client: [],
  storage: [],
  config: ['domain'],
  observability: ['upstream/service/upstream-observer.ts'],

  upstream: ['domain'],
  'upstream/budget': ['domain', 'upstream/clock.ts', 'upstream/http/rate-limit-headers.ts', 'upstream/stop.ts'],
  'upstream/providers': ['domain', 'upstream/budget'],
  'upstream/writes': ['domain', 'storage', 'upstream'],

  loaders: ['domain', 'upstream'],
  live: ['domain', 'upstream'],
  resolvers: ['domain', 'live', 'loaders', 'upstream'],
  schema: ['domain', 'live', 'resolvers', 'upstream'],

  server: ['config', 'live', 'observability', 'schema', 'upstream'],
  // What surrounds every HTTP request. Transports see of it only what they name.
  'server/http': ['observability/logger.ts', 'server/caller', 'server/loopback.ts', 'upstream/stop.ts'],
  'server/caller': ['domain'],
  'server/graphql': ['domain', 'live', 'observability', 'resolvers', 'server/caller', 'upstream'],
  'server/pages': [],
  // Transports move bytes, and know nothing of pins.
  'server/transports': [
    'config/gateway-config.ts',
    'domain/errors.ts',
    'observability',
    'server/caller',
    'server/graphql',
    'server/http/graphql-handler.ts',
    'server/http/graphql-path.ts',
    'server/http/request-guard.ts',
    'server/http/request-id.ts',
    'server/http/send-json.ts',
    'upstream/stop.ts',
  ],
  'server/transports/yoga': [
    'observability/logger.ts',
    'server/caller',
    'server/graphql',
    'server/pages',
    'upstream/stop.ts',
  ],
  // The services of the configuration, the embedded one included. Knows no client.
  'server/services': ['config', 'embedded', 'live', 'observability', 'server/loopback.ts', 'upstream'],

  psa: ['domain'],
  // The embedded service and the gateway meet over HTTP only; `server` starts it.
  embedded: ['domain', 'psa', 'storage'],

  cli: ['config', 'domain', 'observability', 'embedded', 'schema', 'server', 'storage', 'upstream'],
  'index.ts': [
    'config',
    'domain/errors.ts',
    'observability/logger.ts',
    'server',
    'upstream/service/upstream-observer.ts',
  ],
}

/** Which folder may import which package. A scope stands for all its packages, and a package for all its entry points. */
const PACKAGES: Packages = {
  graphql: ['schema', 'server'],
  'graphql-jit': ['server/graphql'],
  'graphql-ws': ['server/transports'],
  '@pothos': ['schema'],
  // The build bundles this file, so that nobody who installs pinql installs Yoga.
  'graphql-yoga': ['server/transports/yoga/yoga.ts'],
  '@graphql-yoga': ['server/transports/yoga/yoga.ts'],
  ws: ['server/transports'],
  dataloader: ['loaders'],

  // Only `upstream` sends requests to services; the embedded service uses undici for Kubo.
  undici: ['embedded/kubo', 'upstream'],
  cockatiel: ['upstream'],
  'lru-cache': ['server/graphql', 'upstream'],
  multiformats: ['domain', 'embedded'],
  '@multiformats/multiaddr': ['cli', 'domain', 'embedded'],
  '@libp2p/peer-id': ['domain', 'embedded'],

  '@hono': ['embedded'],
  hono: ['embedded'],
  '@ipld': ['embedded'],
  'ipfs-unixfs-importer': ['embedded'],
  '@libp2p': ['embedded'],
  libp2p: ['embedded'],
  tsx: ['embedded/worker-from-source.mjs'],

  '@photostructure/sqlite': ['storage'],
  pino: ['observability'],
  commander: ['cli'],
  yaml: ['config'],
  zod: ['config', 'embedded', 'psa'],

  'node:crypto': ['live', 'embedded', 'resolvers', 'server', 'upstream'],
  'node:dns': ['embedded'],
  'node:events': ['cli', 'embedded', 'server', 'upstream'],
  'node:fs': ['cli', 'config', 'embedded', 'server', 'storage'],
  'node:http': ['embedded', 'server'],
  'node:net': ['embedded', 'server'],
  'node:os': ['embedded'],
  'node:path': ['cli', 'config', 'embedded', 'server', 'storage'],
  'node:stream': ['server'],
  'node:timers': ['embedded', 'server'],
  'node:util': ['embedded'],
  'node:v8': ['cli'],
  'node:worker_threads': ['embedded'],
}

/** Files that import each other in a circle, if only for types. The list only gets shorter. */
const CIRCLES = [
  ['domain/cid.ts', 'domain/errors.ts', 'domain/instant.ts', 'domain/pin.ts'],
  ['embedded/store/interruptions.ts', 'embedded/store/pin-store.ts'],
  ['live/chronicle.ts', 'live/view.ts'],
  [
    'upstream/reading/pin-stream.ts',
    'upstream/reading/read-all-pins.ts',
    'upstream/tenant/tenant.ts',
    'upstream/writes/operation-target.ts',
    'upstream/writes/pin-writer.ts',
    'upstream/writes/write-channel.ts',
  ],
]

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

it('files import each other in no circle but those of CIRCLES, which only gets shorter', () => {
  expect(findCircles(sources)).toEqual(CIRCLES)
})
