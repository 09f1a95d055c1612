import { compliant, DELEGATE } from './compliant.ts'
import { SECOND, zonedText } from './created-text.ts'
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
import { OPERATIONS } from './operation.ts'
import { nameIsCid } from './pin-shape.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { retryAfterSeconds } from './rate-gate.ts'
import { Refusal } from './refusal.ts'
import { base64Gid } from './request-ids.ts'
import { reply } from './wire-reply.ts'

/** Filebase: https://api.filebase.io/v1/ipfs */
export const filebase: ProviderProfile = {
  ...compliant,
  name: 'filebase',
  // #48: a path of two segments.
  basePath: '/v1/ipfs',

  // #31: a free account is 403 on every call.
  unpaid: new Refusal(403, 'FORBIDDEN', 'The Pinning Service API requires a paid account'),
  // 100 requests a second for each IP address; how it words its 429 is not documented.
  rateRules: [
    {
      name: '100 a second',
      scope: 'address',
      operations: OPERATIONS,
      limit: 100,
      windowMs: 1000,
      retryAfter: retryAfterSeconds,
    },
  ],
  // #49: a session cookie with every answer.
  headers: (_request, log) => ({
    'set-cookie': `_filebase_session=session-${log.length}; path=/; HttpOnly`,
    'x-request-id': `filebase-${log.length}`,
  }),

  // #24
  keep: nameIsCid,
  // #19
  requestId: base64Gid,
  // #13, #14, #15: whole seconds, New York's offset.
  created: { unit: SECOND, unique: false, text: zonedText('America/New_York'), postText: null },

  // #1: 202 for POST, 200 for a replacement.
  replaceStatus: 200,
  // #3
  removed: reply(202, 'application/json; charset=utf-8', ''),
  shape: {
    ...compliant.shape,
    delegates: () => [DELEGATE, DELEGATE.replace('.1/', '.2/'), DELEGATE.replace('.1/', '.3/')],
    info: (pin) => ({ size: '0', ...pin.info }),
  },
  list: listing(
    cidIn(10),
    nameMatches(),
    // #8
    statusIn('all'),
    metaHasAll,
    afterExclusive,
    beforeExclusive,
    // #17: shrinks with `before`.
    countHere,
    newestFirst,
    limitTo(10),
  ),
}
