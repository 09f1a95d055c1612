import { compliant, DELEGATE } from './compliant.ts'
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
  oldestFirst,
  statusIn,
} from './list-steps.ts'
import { cidRequired, noDuplicateCid, publicOriginsOnly, withinSpecifiedSizes } from './pin-checks.ts'
import type { LoggedRequest, ProviderProfile } from './provider-profile.ts'
import { Refusal } from './refusal.ts'
import { reply } from './wire-reply.ts'

const filters = [
  // #36: more than ten CIDs are refused.
  cidIn(10),
  nameMatches(),
  statusIn('pinned'),
  metaHasAll,
  // #17: the total, whatever the cursor.
  countHere,
  afterExclusive,
  beforeExclusive,
]

/** Pinata: https://api.pinata.cloud/psa */
export const pinata: ProviderProfile = {
  ...compliant,
  name: 'pinata',
  // #48
  basePath: '/psa',

  // #31: no token is 400.
  missingToken: new Refusal(400, 'KEYS_MUST_BE_STRINGS', 'pinata_api_key and pinata_secret_api_key must be strings'),
  // #33, #50: lists have a bucket of their own; the rest is that of the cheapest plan that may pin by CID.
  rateRules: [
    {
      name: '30 lists a minute',
      scope: 'token',
      operations: ['list'],
      limit: 30,
      windowMs: 60_000,
      retryAfter: () => '60',
    },
    {
      name: '250 others a minute',
      scope: 'token',
      operations: ['get', 'add', 'replace', 'remove'],
      limit: 250,
      windowMs: 60_000,
      retryAfter: () => '60',
    },
  ],
  headers: (request, log) => (request.operation === 'list' ? nodeCounter(request, log) : {}),

  // #42, #43. The reason and words for a duplicate are not documented.
  checks: [cidRequired(), withinSpecifiedSizes, publicOriginsOnly, noDuplicateCid],

  // #1
  addStatus: 200,
  replaceStatus: 200,
  // #2
  removed: reply(200, 'text/plain; charset=utf-8', 'OK'),
  shape: {
    ...compliant.shape,
    // #26: none once pinned.
    delegates: ({ status }) => (status === 'pinned' ? [] : [DELEGATE]),
    info: (pin) => ({ ...JOB_STATUS[pin.status], ...pin.info }),
  },
  // #7: without `limit`, everything.
  list: listing(...filters, newestFirst, limitTo(Number.POSITIVE_INFINITY)),
}

/** #16: Pinata as it was until August 2022. */
export const pinataOldestFirst: ProviderProfile = {
  ...pinata,
  name: 'pinata-oldest-first',
  list: listing(...filters, oldestFirst, limitTo(Number.POSITIVE_INFINITY)),
}

const JOB_STATUS = {
  queued: { pinata_pinjob_status: 'prechecking' },
  pinning: { pinata_pinjob_status: 'searching' },
  pinned: {},
  failed: { pinata_pinjob_status: 'expired' },
} as const

/** Numbers of the back-end nodes that answer the first, second, … list. */
const NODES = [0, 1, 0, 2, 0] as const
const NODE_LIMIT = 5
const NODE_WINDOW_MS = 10_000

/** #33: each node counts for itself and announces only its own count, so the figures jump about. */
function nodeCounter(request: LoggedRequest, log: readonly LoggedRequest[]): Record<string, string> {
  const lists = log.filter(({ operation }) => operation === 'list')
  const position = lists.indexOf(request)
  const node = NODES[position % NODES.length]
  const windowOf = (at: number) => Math.floor(at / NODE_WINDOW_MS)
  const used = lists.filter(
    ({ at }, index) =>
      index <= position && NODES[index % NODES.length] === node && windowOf(at) === windowOf(request.at),
  ).length
  return {
    'x-ratelimit-limit': String(NODE_LIMIT),
    'x-ratelimit-remaining': String(Math.max(0, NODE_LIMIT - used)),
    'x-ratelimit-reset': String(((windowOf(request.at) + 1) * NODE_WINDOW_MS) / 1000),
  }
}
