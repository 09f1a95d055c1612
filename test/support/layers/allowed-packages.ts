import type { Packages } from './check-layers.ts'

/** The folders that may import each package. A scope stands for all its packages, and a package for all its entry points. */
export const PACKAGES: Packages = {
  graphql: ['schema', 'server/create-front-door.ts', 'server/graphql', 'server/transports'],
  'graphql-jit': ['server/graphql'],
  'graphql-ws': ['server/transports'],
  '@pothos': ['schema'],
  // The build bundles this file, so that nobody who installs pinql installs Yoga.
  'graphql-yoga': ['server/transports/yoga/yoga.ts'],
  '@graphql-yoga': ['server/transports/yoga/yoga.ts'],
  ws: ['server/transports'],
  dataloader: ['loaders'],

  // Only `upstream/http` sends requests to services; the embedded service uses undici for Kubo and for gateways.
  undici: ['embedded/fetch', 'embedded/kubo', 'upstream/http'],
  'lru-cache': ['server/graphql', 'upstream'],
  multiformats: ['domain', 'embedded'],
  '@multiformats/multiaddr': ['domain', 'embedded'],
  '@libp2p/peer-id': ['domain', 'embedded'],

  '@hono': ['embedded/http'],
  hono: ['embedded/http'],
  '@ipld': ['embedded/backup', 'embedded/dag'],
  'ipfs-unixfs-importer': ['embedded/bitswap'],
  '@libp2p': ['embedded/bitswap', 'embedded/fetch'],
  libp2p: ['embedded/bitswap'],
  tsx: ['embedded/worker-from-source.mjs'],

  '@photostructure/sqlite': ['storage'],
  pino: ['observability'],
  commander: ['cli'],
  yaml: ['config'],
  zod: ['config', 'embedded', 'psa'],

  'node:crypto': ['live', 'embedded', 'resolvers', 'server', 'upstream'],
  'node:dns': ['embedded/fetch'],
  'node:events': ['embedded', 'server', 'upstream'],
  'node:fs': ['cli', 'config', 'embedded', 'server', 'storage'],
  'node:http': ['embedded', 'server'],
  'node:net': ['config', 'embedded', 'server'],
  'node:os': ['config', 'embedded/bitswap', 'embedded/fetch'],
  'node:path': ['cli', 'config', 'embedded', 'server', 'storage'],
  'node:sqlite': ['storage'],
  'node:stream': ['embedded/http', 'server'],
  'node:timers': ['embedded', 'server'],
  'node:util': ['embedded/bitswap', 'server/pages'],
  'node:v8': ['cli', 'server/services'],
  'node:worker_threads': ['embedded'],
  'node:zlib': ['server/pages', 'upstream/http'],
}
