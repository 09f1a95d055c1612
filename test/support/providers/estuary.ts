import { compliant, DELEGATE } from './compliant.ts'
import { NANOSECOND, trimmedText } from './created-text.ts'
import { errorBodies } from './error-bodies.ts'
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
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { addThenRetire } from './replace-modes.ts'
import { integerText } from './request-ids.ts'

/** Estuary; gone since 2023. */
export const estuary: ProviderProfile = {
  ...compliant,
  name: 'estuary',
  basePath: '/pinning',

  // #31, in its early days.
  unknownToken: new Refusal(403, 'ERR_INVALID_TOKEN', 'no such token'),

  requestId: integerText,
  // #14: nanoseconds, zeros trimmed.
  created: { unit: NANOSECOND, unique: false, text: trimmedText(9), postText: null },
  // #22
  replace: addThenRetire,

  // #4
  removeUnknown: new Refusal(500, 'ERR_RECORD_NOT_FOUND', 'record not found'),
  // #29: reason only.
  errorBody: errorBodies.reasonOnly,
  shape: {
    ...compliant.shape,
    noMeta: 'null',
    delegates: () => [DELEGATE],
    // #23
    info: () => null,
    // #27
    decorate: (shown, pin) => ({ ...shown, content: { id: Number(pin.requestId), name: pin.name, active: true } }),
  },
  list: listing(
    // #6, #17: everything that the account has.
    countHere,
    cidIn(10),
    nameMatches(),
    statusIn('pinned'),
    metaHasAll,
    afterExclusive,
    beforeExclusive,
    newestFirst,
    limitTo(10),
  ),
  // #6
  listBody: (count, results) => ({ count, results: results.length === 0 ? null : results }),
}
