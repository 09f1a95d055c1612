import { compliant, DELEGATE } from './compliant.ts'
import { SECOND, trimmedText, utcText } from './created-text.ts'
import { errorBodies } from './error-bodies.ts'
import {
  afterExclusive,
  beforeInclusive,
  cidIn,
  countHere,
  type ListPins,
  limitTo,
  listing,
  metaHasAll,
  nameMatches,
  statusIn,
  unordered,
} from './list-steps.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { cidAsId } from './request-ids.ts'
import { reply } from './wire-reply.ts'

// #36: `cid` wins over every other filter.
const byCid = listing(cidIn(Number.POSITIVE_INFINITY), countHere)

const byFilters = listing(
  nameMatches(),
  // #8; a status it does not know is dropped from the filter.
  statusIn('all', 'dropped'),
  metaHasAll,
  afterExclusive,
  // #11
  beforeInclusive,
  // #17
  countHere,
  // #16
  unordered,
  // No upper bound.
  limitTo(10, Number.POSITIVE_INFINITY),
)

const list: ListPins = (pins, query) => (query.has('cid') ? byCid : byFilters)(pins, query)

/** The `pinsvcapi` of ipfs-cluster with tokens; all users share one set of pins. */
export const ipfsCluster: ProviderProfile = {
  ...compliant,
  name: 'ipfs-cluster',

  tenancy: 'shared',
  // #38: 4096 bytes as configured, and as much again that Go grants.
  maxHeadBytes: 8192,
  headTooLong: reply(431, 'text/plain; charset=utf-8', '431 Request Header Fields Too Large'),

  // #18, #43: pinning again is the same request, with the new name, meta and `created`.
  // #21: replacing by the same CID therefore adds it, then removes it.
  requestId: cidAsId,
  // #13: whole seconds; #45: but a POST answers to the nanosecond.
  created: { unit: SECOND, unique: false, text: utcText(0), postText: trimmedText(9) },
  // #44: `failed` means that any peer failed, and peers try again.
  nextStatus: ({ status }) => (status === 'queued' ? 'pinning' : 'pinned'),

  // #1
  addStatus: 200,
  replaceStatus: 200,
  // #29: the reason is a sentence.
  errorBody: errorBodies.reasonOnly,
  // #12 of the error forms: Go's own words.
  noRoute: () => errorBodies.plainText(new Refusal(404, 'NOT_FOUND', 'page not found')),
  shape: {
    ...compliant.shape,
    // #26: every address of every peer.
    delegates: () => Array.from({ length: 24 }, (_, peer) => DELEGATE.replace('.1/', `.${peer + 1}/`)),
    info: (pin) => ({ source: 'IPFS cluster API', warning1: 'CID is also pinned by others', ...pin.info }),
  },
  // #32: a filter that it cannot read is its own failure.
  list: (pins, query) => {
    try {
      return list(pins, query)
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(500, error.reason, error.details, { cause: error }) : error
    }
  },
}
