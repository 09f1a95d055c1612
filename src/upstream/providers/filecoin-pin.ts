import type { Provider } from './provider.ts'

/**
 * The server of filecoin-pin. It cuts a list before it sorts it, takes one CID and one status at most, ignores time
 * and meta, keeps its pins in memory, and replaces all of a pin but its CID.
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
