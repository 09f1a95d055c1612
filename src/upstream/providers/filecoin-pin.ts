import type { Provider } from './provider.ts'

/**
 * The server of filecoin-pin. It cuts a list before it sorts it, accepts at most one CID and one status, and ignores
 * `before`, `after` and `meta`. It keeps its pins in memory. A replacement changes all of a pin except its CID.
 *
 * @see https://github.com/filecoin-project/filecoin-pin
 */
export const filecoinPin: Provider = {
  name: 'filecoin-pin',
  endpoint: null,
  limits: null,
  capabilities: {
    order: 'none',
    createdDigits: 3,
    timeDigits: 9,
    timeFilter: 'unusable',
    cidFilter: 'unusable',
    nameFilter: { exact: 'loose', iexact: 'unusable', partial: 'exact', ipartial: 'unusable' },
    multiStatus: false,
    metaFilter: 'loose',
    keepsMeta: true,
    count: 'unreliable',
    replace: 'add-then-remove',
  },
}
