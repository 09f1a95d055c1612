import { compliant } from './compliant.ts'
import {
  cidTextIs,
  countHere,
  limitTo,
  listing,
  nameMatches,
  newestFirst,
  specifiedMatches,
  statusIs,
} from './list-steps.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { cidIgnored } from './replace-modes.ts'
import { pinMsSequence } from './request-ids.ts'

const { partial } = specifiedMatches

/** The server of filecoin-pin. It keeps its pins in memory: `forgetAll()` is its restart (#47). */
export const filecoinPin: ProviderProfile = {
  ...compliant,
  name: 'filecoin-pin',

  // #31
  unknownToken: new Refusal(403, 'FORBIDDEN', 'Invalid token'),

  requestId: pinMsSequence,
  created: { ...compliant.created, unique: false },
  // #21
  replace: cidIgnored,

  // #1
  replaceStatus: 200,
  // #4
  removeUnknown: null,
  shape: {
    ...compliant.shape,
    // #26
    delegates: () => [],
    // #27: progress, and a path on its disk. `pinned` may still have blocks missing.
    info: (pin) => ({
      status: pin.status,
      blocks_written: '12',
      total_size: '3145728',
      missing_blocks: '1',
      car_file_path: `/tmp/filecoin-pin/${pin.requestId}.car`,
      ...pin.info,
    }),
  },
  list: listing(
    // #35: one CID, as text.
    cidTextIs,
    // #39: whatever `match` says.
    nameMatches({ exact: partial, iexact: partial, ipartial: partial }),
    // #8, #9: all, or one; several find nothing.
    statusIs,
    // #40: meta is not looked at; #12: nor are `before` and `after`.
    // #7: no default limit; #16: the limit comes before the order, so the oldest are shown, newest first.
    limitTo(Number.POSITIVE_INFINITY),
    newestFirst,
    // #17: the length of the page.
    countHere,
  ),
}
