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
  statusIn,
} from './list-steps.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { cidAsId } from './request-ids.ts'
import { emptyReply, reply } from './wire-reply.ts'

/** nft.storage as it was; gone since 2024. */
export const nftStorage: ProviderProfile = {
  ...compliant,
  name: 'nft-storage',

  // #18
  requestId: cidAsId,
  // #13, #14: what is uploaded together has one time.
  created: { unit: MICROSECOND, unique: false, text: trimmedText(6, '+00:00'), postText: null },

  // #3
  removed: reply(202, 'application/json', ''),
  // #29: `ok: false`
  errorBody: errorBodies.notOk,
  // #30: the web site answers any other path, with success; #29: an empty 405 for other methods.
  noRoute: (method) =>
    method === 'GET' ? errorBodies.htmlPage(new Refusal(200, 'OK', 'Free storage for NFTs')) : emptyReply(405),
  shape: {
    ...compliant.shape,
    // #23
    noOrigins: 'null',
    // #26
    delegates: () => [],
  },
  list: listing(
    cidIn(10),
    nameMatches(),
    statusIn('pinned'),
    metaHasAll,
    afterExclusive,
    // #11
    beforeInclusive,
    countHere,
    newestFirst,
    limitTo(10),
  ),
  // #5
  listBody(count, results) {
    if (results.length === 0) throw new Refusal(404, 'ERROR_NOT_FOUND', 'Pin not found')
    return { count, results }
  },
}
