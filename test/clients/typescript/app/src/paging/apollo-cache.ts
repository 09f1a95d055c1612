import { InMemoryCache } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'

export const cache = new InMemoryCache({
  typePolicies: {
    Query: {
      fields: {
        // One list per filter and choice of services. Without these names, lists of different filters mix.
        pins: relayStylePagination(['filter', 'services']),
      },
    },
    // Objects without an id: keeps the fields that one operation selected and another did not.
    PinProgress: { merge: true },
    PinCounts: { merge: true },
    ServiceCapabilities: { merge: true },
    ServiceHealth: { merge: true },
  },
})
