import { MILLISECOND, utcText } from './created-text.ts'
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
import { cidRequired, withinSpecifiedSizes } from './pin-checks.ts'
import { infoIfAny } from './pin-shape.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { addThenRemove } from './replace-modes.ts'
import { uuid } from './request-ids.ts'
import { emptyReply, reply } from './wire-reply.ts'

/** A multiaddr that a client can parse. */
export const DELEGATE = '/ip4/203.0.113.1/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'

/**
 * The Pinning Service API 1.0.0 to the letter; every other profile is this one and its changes.
 *
 * Its `count` shrinks with `before` as the specification's "for passed query filters" says (#17).
 */
export const compliant: ProviderProfile = {
  name: 'compliant',
  basePath: '',

  tenancy: 'per token',
  missingToken: new Refusal(401, 'UNAUTHORIZED', 'Access token is missing or invalid'),
  unknownToken: new Refusal(401, 'UNAUTHORIZED', 'Access token is missing or invalid'),
  unpaid: new Refusal(409, 'INSUFFICIENT_FUNDS', 'Unable to process request due to the lack of funds'),
  maxHeadBytes: 65_536,
  headTooLong: reply(431, 'text/plain', 'Request Header Fields Too Large'),
  rateRules: [],
  headers: () => ({}),

  checks: [cidRequired(), withinSpecifiedSizes],
  keep: (body) => body,
  requestId: uuid,
  created: { unit: MILLISECOND, unique: true, text: utcText(3), postText: null },
  bornAs: 'queued',
  nextStatus: ({ status }) => (status === 'queued' ? 'pinning' : status === 'pinning' ? 'pinned' : status),
  replace: addThenRemove,
  listsUntilVisible: 0,
  answersUntilRemoved: 0,

  addStatus: 202,
  replaceStatus: 202,
  removed: emptyReply(202),
  unknownPin: new Refusal(404, 'NOT_FOUND', 'The specified resource was not found'),
  foreignPin: null,
  removeUnknown: new Refusal(404, 'NOT_FOUND', 'The specified resource was not found'),
  errorBody: errorBodies.reasonAndDetails,
  noRoute: () => errorBodies.reasonAndDetails(new Refusal(404, 'NOT_FOUND', 'No such route')),
  broken: new Refusal(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong'),
  silentWhenBroken: [],
  shape: {
    noName: 'absent',
    noOrigins: 'absent',
    noMeta: 'absent',
    delegates: () => [DELEGATE],
    info: infoIfAny,
    decorate: (shown) => shown,
  },
  list: listing(
    cidIn(10),
    nameMatches(),
    statusIn('pinned'),
    metaHasAll,
    afterExclusive,
    beforeExclusive,
    countHere,
    newestFirst,
    limitTo(10),
  ),
  listBody: (count, results) => ({ count, results }),
}
