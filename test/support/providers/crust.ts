import { compliant } from './compliant.ts'
import { SECOND, zonedText } from './created-text.ts'
import { errorBodies } from './error-bodies.ts'
import {
  afterExclusive,
  beforeWholeSeconds,
  cidRepeatedUpTo9,
  countHere,
  limitTo,
  listing,
  metaFromStrayParameters,
  nameMatches,
  newestFirst,
  statusIn,
} from './list-steps.ts'
import { nameIsCid } from './pin-shape.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { uuidMs } from './request-ids.ts'
import { reply } from './wire-reply.ts'

/** Crust W3Auth: https://pin.crustcode.com/psa */
export const crust: ProviderProfile = {
  ...compliant,
  name: 'crust',
  // #48
  basePath: '/psa',

  // #29: `{"Error": …}`
  unknownToken: new Refusal(401, 'UNAUTHORIZED', 'Invalid Signature'),

  // #24
  keep: nameIsCid,
  requestId: uuidMs,
  // #13, #15: whole seconds, in the server's zone.
  created: { unit: SECOND, unique: false, text: zonedText('Asia/Shanghai'), postText: null },

  // #4: also for ids that it never had.
  removed: reply(202, 'text/plain; charset=utf-8', 'Accepted'),
  removeUnknown: null,
  errorBody: errorBodies.capitalError,
  // #34: the service does not catch the rejection, so the request gets no answer.
  silentWhenBroken: ['list', 'remove', 'replace'],
  list: listing(
    // #35, #36
    cidRepeatedUpTo9,
    // #39: finds upper-case input only.
    nameMatches({ ipartial: (name, wanted) => name.toUpperCase().includes(wanted) }),
    // #8
    statusIn('all'),
    // #40
    metaFromStrayParameters,
    afterExclusive,
    // #12
    beforeWholeSeconds,
    countHere,
    newestFirst,
    limitTo(10),
  ),
}
