import { z } from 'zod'
import { setting, wholeNumber } from './setting.ts'

const TRUST = ['exact', 'loose', 'unusable'] as const
const TRUST_CHOICE = `one of ${TRUST.join(', ')}`
const TRUST_WORDS = '`exact`, `loose` when it may return more, or `unusable` when it hides pins or does nothing'

/** One limit of requests. */
export const LIMIT_SCHEMA = z.strictObject(
  {
    limit: wholeNumber('a whole number of requests from 1 to 1000000', 1, 1_000_000),
    windowMs: wholeNumber('a whole number of milliseconds from 1 to 86400000', 1, 86_400_000),
    scope: z.enum(['address', 'token'], '"address" or "token"').default('address'),
    endpoint: z.enum(['list', 'item', 'write', 'all'], 'one of list, item, write, all').default('all'),
  },
  { error: 'a map of limit, windowMs, scope and endpoint' },
)

/** The setting `limits` of a service. */
export const LIMITS_SCHEMA = setting(
  'a list of maps such as { limit: 100, windowMs: 1000 }',
  'How many requests the service allows in any window of time, in place of what is known of its provider. `scope`: who shares ' +
    'the limit, `address` (everybody, the default) or `token`. `endpoint`: what counts, `list`, `item`, `write` or `all` (the default).',
  (expected) => z.array(LIMIT_SCHEMA, expected).min(1, expected).optional(),
)

const anyTrust = () => z.enum(TRUST, TRUST_CHOICE)
const trust = (what: string) => setting(TRUST_CHOICE, `${what}: ${TRUST_WORDS}.`, anyTrust)
const flag = (what: string) => setting('true or false', what, (expected) => z.boolean(expected))
const choice = <const Words extends readonly string[]>(words: Words, what: string) =>
  setting(`one of ${words.join(', ')}`, what, (expected) => z.enum(words, expected))

/** Capabilities in which a service may differ from its known provider, or from the specification. */
export const CAPABILITY_SHAPE = {
  maxCids: setting('a whole number from 1 to 10', 'Most CIDs in one list.', (words) => wholeNumber(words, 1, 10)),
  maxLimit: setting(
    'a whole number from 1 to 1000000, or "none"',
    'Largest `limit` of a list; `none` where there is no bound.',
    (words) =>
      z.union([wholeNumber(words, 1, 1_000_000), z.literal('none').transform(() => Number.POSITIVE_INFINITY)], words),
  ),
  maxHeadBytes: setting('a whole number of bytes from 1024', "Most bytes of a request's head.", (words) =>
    wholeNumber(words, 1024, 1_000_000),
  ),
  order: choice(['newest-first', 'oldest-first', 'none'], 'Order of its lists.'),
  createdDigits: setting('a whole number from 0 to 9', 'Fraction digits of its timestamps.', (words) =>
    wholeNumber(words, 0, 9),
  ),
  timeFilter: trust('`before` and `after`'),
  cidFilter: trust('The filter by CID'),
  cidForm: choice(['meaning', 'text'], 'Whether CIDs are compared by what they mean, or as text.'),
  nameFilter: setting(
    'a map of exact, iexact, partial and ipartial',
    'The four filters by name, each as the others.',
    (words) =>
      z.strictObject({ exact: anyTrust(), iexact: anyTrust(), partial: anyTrust(), ipartial: anyTrust() }, words),
  ),
  statusFilter: trust('The filter by status'),
  multiStatus: flag('Whether a list of several statuses works.'),
  metaFilter: trust('The filter by meta'),
  keepsMeta: flag('Whether meta comes back.'),
  count: choice(
    ['matching', 'total', 'everything', 'unreliable'],
    'What `count` counts: what matches, the same whatever the time, all pins, or nothing to rely on.',
  ),
  cappedCounts: setting(
    'a list of whole numbers',
    'Values of `count` that mean so many or more, where there are filters.',
    (words) => z.array(wholeNumber(words, 0, Number.MAX_SAFE_INTEGER), words),
  ),
  emptyListIs404: flag('Whether an empty list is answered with 404.'),
  replace: choice(
    ['native', 'add-then-remove', 'add-if-same-cid'],
    'How a pin is replaced without losing it: by the service, by adding and removing, or so for the same CID only.',
  ),
  namesPinsByCid: flag('Whether a pin without a name gets its CID as name.'),
}

/** The setting `capabilities` of a service. */
export const CAPABILITIES_SCHEMA = setting(
  'a map of capabilities',
  'How the service differs from what is known of its provider, or, of an unknown one, from the specification. See below.',
  (expected) => z.strictObject(CAPABILITY_SHAPE, { error: expected }).partial().optional(),
)

/** The capabilities that the configuration sets. */
export type CapabilitySettings = {
  readonly [Key in keyof typeof CAPABILITY_SHAPE]?: z.output<(typeof CAPABILITY_SHAPE)[Key]>
}
