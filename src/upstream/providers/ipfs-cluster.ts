import type { Provider } from './provider.ts'

/**
 * The pinning service of ipfs-cluster (`pinsvcapi`). Lists have no order and no largest limit; with `cid` all other
 * filters are ignored; the request id is the CID, so that pinning again overwrites name and meta, and replacing a pin
 * by the same CID would unpin it.
 *
 * @see https://github.com/ipfs-cluster/ipfs-cluster/tree/master/api/pinsvcapi
 */
export const ipfsCluster: Provider = {
  name: 'ipfs-cluster',
  endpoint: null,
  limits: null,
  capabilities: {
    maxLimit: Number.POSITIVE_INFINITY,
    maxHeadBytes: 4096,
    order: 'none',
    createdDigits: 0,
    timeFilter: 'loose',
    multiStatus: true,
    count: 'matching',
    keepsMeta: true,
    replace: 'add-if-same-cid',
  },
}
