import { compliant } from './compliant.ts'
import { MICROSECOND, trimmedText } from './created-text.ts'
import { errorBodies } from './error-bodies.ts'
import {
  afterExclusive,
  beforeInclusive,
  cidIn,
  countHere,
  limitTo,
  listing,
  metaHasAll,
  nameMatches,
  newestFirst,
  statusMandatory,
} from './list-steps.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { sameCidRefused } from './replace-modes.ts'

/** The internals of the pin, in other words than its status. */
const INNER_STATUS = { queued: 'PinQueued', pinning: 'Pinning', pinned: 'Pinned', failed: 'PinError' } as const

/** web3.storage as it was in 2022; gone since 2024. */
export const web3Storage: ProviderProfile = {
  ...compliant,
  name: 'web3-storage',

  // #14: zeros trimmed, `+00:00`.
  created: { unit: MICROSECOND, unique: false, text: trimmedText(6, '+00:00'), postText: null },
  // #21
  replace: sameCidRefused,
  // #46
  listsUntilVisible: 1,

  // #29: no envelope, and no reason in a 500.
  errorBody: (refusal) =>
    refusal.status === 500 ? errorBodies.detailsOnly(refusal) : errorBodies.bareReasonAndDetails(refusal),
  shape: {
    ...compliant.shape,
    // #23
    noName: 'null',
    noOrigins: 'null',
    noMeta: 'null',
    // #26
    delegates: () => [],
    // #27: internals, and a secret: as text, and in lists as a number too large for JavaScript.
    decorate: (shown, pin, view) => ({
      ...shown,
      _id: `internal-${pin.requestId}`,
      pin: {
        ...shown.pin,
        authKey: view === 'list' ? 2 ** 60 : '1152921504606846977',
        pins: [{ status: INNER_STATUS[pin.status], peerId: '12D3KooWR' }],
      },
    }),
  },
  list: listing(
    // #10
    statusMandatory,
    cidIn(10),
    nameMatches(),
    metaHasAll,
    afterExclusive,
    // #11
    beforeInclusive,
    countHere,
    newestFirst,
    limitTo(10),
  ),
}
