import { compliant, DELEGATE } from './compliant.ts'
import { NANOSECOND, trimmedText } from './created-text.ts'
import { errorBodies } from './error-bodies.ts'
import {
  afterExclusive,
  beforeRoundedUp,
  cidTextIn,
  countHere,
  limitTo,
  listing,
  nameMatches,
  newestFirst,
  statusIn,
} from './list-steps.ts'
import { cidRequired, knownFieldsOnly, withinSpecifiedSizes } from './pin-checks.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { removeThenAdd } from './replace-modes.ts'

/** Functionland Fula: https://api.cloud.fx.land, as its server's source was in 2024. */
export const functionland: ProviderProfile = {
  ...compliant,
  name: 'functionland',

  // #41; a missing field is 422.
  checks: [knownFieldsOnly, cidRequired(422), withinSpecifiedSizes],
  // #14, #45: nanoseconds; a POST answers with a later time than the one that is stored.
  created: { unit: NANOSECOND, unique: false, text: trimmedText(9), postText: trimmedText(9) },
  // #21: for a moment there is neither pin.
  replace: removeThenAdd,
  // A DELETE is acknowledged first and done afterwards.
  answersUntilRemoved: 1,

  // #31: the pin of another is 401.
  foreignPin: new Refusal(401, 'UNAUTHORIZED', 'You do not own this pin'),
  // #29: one JSON string.
  errorBody: errorBodies.jsonString,
  // A failure of the cluster behind it.
  broken: new Refusal(424, 'FAILED_DEPENDENCY', 'cluster: failed to pin'),
  shape: {
    ...compliant.shape,
    // #23
    noName: 'empty',
    delegates: () => [DELEGATE, DELEGATE.replace('.1/', '.2/')],
  },
  list: listing(
    // #35: as text.
    cidTextIn,
    nameMatches(),
    // #40: meta is not looked at.
    afterExclusive,
    // #12
    beforeRoundedUp,
    newestFirst,
    // #17: without the status filter …
    countHere,
    limitTo(10),
    // … which comes after the limit: a page can be short, or empty, and still not be the last. #8
    statusIn('all'),
  ),
  // #5
  listBody(count, results) {
    if (results.length === 0) throw new Refusal(404, 'NOT_FOUND', 'no pins found')
    return { count, results }
  },
}
