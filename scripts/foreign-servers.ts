import type { ServiceSettings } from '../src/upstream/service/service-settings.ts'

/** A Pinning Service by other authors, with the way to run it. */
export interface ForeignServer {
  readonly name: string
  /** Packages that `npm install` adds beside the server. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
  /** A module that starts it with the token `secret`, and prints `PORT` and its port. */
  readonly start: string
  /** The configuration of the server, for facts that pinql cannot find out by itself. */
  readonly known: Pick<ServiceSettings, 'provider' | 'capabilities'>
  /** Features that the server lacks, or that pinql can use only if it is configured. */
  readonly hides: readonly ('names' | 'versions' | 'meta')[]
}

/** In the order in which they are tried. */
export const FOREIGN_SERVERS: readonly ForeignServer[] = [
  {
    name: 'mock-ipfs-pinning-service',
    known: {
      provider: null,
      capabilities: {
        cidForm: 'text',
        metaFilter: 'unusable',
        nameFilter: { exact: 'exact', iexact: 'unusable', partial: 'unusable', ipartial: 'unusable' },
      },
    },
    // It takes every match for exact, compares CIDs as text, and answers 500 to a filter by meta.
    hides: ['names', 'versions', 'meta'],
    dependencies: { 'mock-ipfs-pinning-service': '0.4.2' },
    start: `
      import { setup } from 'mock-ipfs-pinning-service'
      const app = await setup({ token: 'secret' })
      const server = app.listen(0, '127.0.0.1', () => console.log('PORT', server.address().port))
    `,
  },
  {
    name: '@helia/pinning-service-api-server',
    known: { provider: 'helia' },
    hides: [],
    dependencies: { '@helia/pinning-service-api-server': '1.0.4', 'datastore-core': '10.0.4' },
    // The server takes any Helia that it is given, and needs the package for its types only. Without its 850 packages and
    // native code, it runs wherever Node does; what pins here is the least that the server asks for.
    overrides: { helia: 'npm:@libp2p/interface@2.10.5' },
    start: `
      import { createPinningServiceAPIServer } from '@helia/pinning-service-api-server'
      import { MemoryDatastore } from 'datastore-core'
      const pinned = new Map()
      const log = Object.assign(() => {}, { error() {}, trace() {} })
      const helia = {
        datastore: new MemoryDatastore(),
        logger: { forComponent: () => log },
        libp2p: { dial: async () => {}, getMultiaddrs: () => [] },
        routing: { provide: async () => {} },
        pins: {
          async get(cid) {
            const pin = pinned.get(cid.toString())
            if (pin) return pin
            throw Object.assign(new Error('not pinned'), { name: 'NotFoundError' })
          },
          async setMetadata(cid, metadata) { pinned.get(cid.toString()).metadata = metadata },
          async *add(cid, { metadata }) { pinned.set(cid.toString(), { metadata }); yield cid },
          async *rm(cid) { pinned.delete(cid.toString()); yield cid },
        },
      }
      const server = await createPinningServiceAPIServer(helia, {
        async validateAccessToken(token) {
          if (token !== 'secret') throw new Error('wrong token')
          return { id: 'alice' }
        },
        listen: { host: '127.0.0.1', port: 0 },
      })
      console.log('PORT', server.server.address().port)
    `,
  },
]
