import type { Provider } from './provider.ts'

/**
 * The pinning service of ipfs-cluster (`pinsvcapi`). Its lists have no order and no largest limit. With `cid`, it ignores
 * all other filters. The request id is the CID. So pinning a CID again overwrites its name and `meta`, and replacing a pin
 * with the same CID would unpin it.
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
    timeDigits: 9,
    timeFilter: 'loose',
    multiStatus: true,
    count: 'matching',
    keepsMeta: true,
    replace: 'add-if-same-cid',
  },
}
