import { compliant } from './compliant.ts'
import { errorBodies } from './error-bodies.ts'
import {
  afterExclusive,
  beforeExclusive,
  countHere,
  limitTo,
  listing,
  nameMatches,
  newestFirst,
  statusIn,
} from './list-steps.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { sameCidKeepsId } from './replace-modes.ts'
import { nanoid } from './request-ids.ts'

/** `@helia/pinning-service-api-server`. */
export const heliaServer: ProviderProfile = {
  ...compliant,
  name: 'helia-server',

  requestId: nanoid,
  created: { ...compliant.created, unique: false },
  // #44: what is pinned already under another id stays `queued` for ever.
  nextStatus: (pin, others) =>
    others.some(
      (other) => other.requestId !== pin.requestId && other.cidKey === pin.cidKey && other.status === 'pinned',
    )
      ? pin.status
      : compliant.nextStatus(pin, others),
  // #21
  replace: sameCidKeepsId,

  // #29: a request that fails validation gets two words that claim to be HTML.
  errorBody: (refusal) =>
    refusal.status === 400 ? errorBodies.htmlBadRequest(refusal) : errorBodies.reasonAndDetails(refusal),
  list: listing(
    // #35: `cid` is not looked at, so the list is that of everything; nor is meta (#40).
    nameMatches(),
    // #8
    statusIn('all'),
    afterExclusive,
    beforeExclusive,
    // #17
    countHere,
    newestFirst,
    limitTo(10),
  ),
}
