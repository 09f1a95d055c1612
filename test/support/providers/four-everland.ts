import { compliant } from './compliant.ts'
import {
  afterExclusive,
  beforeExclusive,
  cidIn,
  countHere,
  limitTo,
  listing,
  metaHasAll,
  nameMatches,
  newestFirst,
  statusIn,
} from './list-steps.ts'
import { nameIsCid } from './pin-shape.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { jsonReply } from './wire-reply.ts'

/** 4EVERLAND: https://api.4everland.dev */
export const fourEverland: ProviderProfile = {
  ...compliant,
  name: '4everland',

  // #24: name = CID; #25: meta is taken and thrown away.
  keep: (body) => ({ ...nameIsCid(body), meta: null }),
  created: { ...compliant.created, unique: false },

  removed: jsonReply(202, {}),
  shape: {
    ...compliant.shape,
    noMeta: 'empty',
    delegates: () => ['/dnsaddr/dht.4everland.dev/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'],
    info: (pin) => ({
      dag_size: '0',
      ...(pin.status === 'failed' && { failed_message: 'context deadline exceeded', failed_reason: 'timeout' }),
      ...pin.info,
    }),
  },
  list: listing(
    cidIn(10),
    // #39: both case-insensitive strategies let unrelated pins through, `partial` finds nothing.
    nameMatches({ iexact: () => true, ipartial: () => true, partial: () => false }),
    // #8
    statusIn('all'),
    metaHasAll,
    afterExclusive,
    beforeExclusive,
    countHere,
    newestFirst,
    limitTo(10),
  ),
}
