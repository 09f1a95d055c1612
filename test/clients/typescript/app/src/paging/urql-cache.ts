import { type Cache, cacheExchange } from '@urql/exchange-graphcache'
import { relayPagination } from '@urql/exchange-graphcache/extras'

const WITHOUT_ID = [
  'AddPinPayload',
  'CapabilityLesson',
  'Content',
  'ContentAtService',
  'Error',
  'PinCounts',
  'PinEvent',
  'PinProgress',
  'RateBudget',
  'RemovePinPayload',
  'ReplacePinPayload',
  'ServiceCapabilities',
  'ServiceHealth',
]

export const cache = cacheExchange({
  keys: Object.fromEntries(WITHOUT_ID.map((type) => [type, () => null])),
  resolvers: { Query: { pins: relayPagination() } },
  updates: {
    Mutation: {
      removePin(result, _args, cache) {
        const { removedId } = result.removePin as { removedId: string | null }
        if (removedId) removeFromLists(cache, removedId)
      },
    },
  },
})

/** Takes a pin out of all pages. `cache.invalidate` would make every page that had the pin be read again. */
function removeFromLists(cache: Cache, id: string): void {
  const pin = cache.keyOfEntity({ __typename: 'Pin', id })
  for (const { fieldName, fieldKey } of cache.inspectFields('Query')) {
    const page = fieldName === 'pins' && cache.resolve('Query', fieldKey)
    if (typeof page !== 'string') continue
    const edges = cache.resolve(page, 'edges') as string[]
    cache.link(
      page,
      'edges',
      edges.filter((edge) => cache.resolve(edge, 'node') !== pin),
    )
  }
}
