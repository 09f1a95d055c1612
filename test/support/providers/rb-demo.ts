import { compliant } from './compliant.ts'
import {
  afterExclusive,
  beforeExclusive,
  cidIn,
  countHere,
  limitTo,
  listing,
  metaHasFirst,
  nameMatches,
  newestFirst,
  statusIn,
} from './list-steps.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { integerText } from './request-ids.ts'

/** rb-pinning-service-api, the demonstration server in Ruby. */
export const rbDemo: ProviderProfile = {
  ...compliant,
  name: 'rb-demo',

  // #19: digits only.
  requestId: integerText,
  created: { ...compliant.created, unique: false },

  // #1
  addStatus: 200,
  replaceStatus: 200,
  shape: {
    ...compliant.shape,
    // #23
    noName: 'null',
  },
  list: listing(
    // #36: the eleventh CID is silently not looked for.
    cidIn(10, 'cut off'),
    nameMatches(),
    statusIn('pinned'),
    // #40
    metaHasFirst,
    afterExclusive,
    beforeExclusive,
    countHere,
    newestFirst,
    // #7: one.
    limitTo(1),
  ),
}
