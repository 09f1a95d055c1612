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
  'Requests that the service allows in any window of time, in place of the limits of its provider. Services of one endpoint keep the limits of all of them. `scope`: callers that share ' +
    'the limit, `address` (all, the default) or `token`. `endpoint`: requests that count, `list`, `item`, `write` or `all` (the default).',
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
  timeDigits: setting(
    'a whole number from 0 to 9',
    'Fraction digits of `before` and `after` that it looks at; 0 if it rounds them to seconds.',
    (words) => wholeNumber(words, 0, 9),
  ),
  timeFilter: trust('`before` and `after`'),
  honoursAfter: flag('False if it ignores `after`, or refuses it beside `before`.'),
  cidFilter: trust('The filter by CID'),
  cidForm: choice(['meaning', 'text'], 'Comparison of CIDs: by meaning, or as text.'),
  nameFilter: setting(
    'a map of exact, iexact, partial and ipartial',
    'The four filters by name, each as the others.',
    (words) =>
      z.strictObject({ exact: anyTrust(), iexact: anyTrust(), partial: anyTrust(), ipartial: anyTrust() }, words),
  ),
  statusFilter: trust('The filter by status'),
  multiStatus: flag('True when a list of several statuses works.'),
  metaFilter: trust('The filter by meta'),
  keepsMeta: flag('True when the service returns meta.'),
  count: choice(
    ['matching', 'total', 'everything', 'unreliable'],
    'Pins in `count`: all that match; all that match, without `before` and `after`; all pins; or no reliable number.',
  ),
  cappedCounts: setting(
    'a list of whole numbers',
    'Values of `count` that mean so many or more, in lists with filters.',
    (words) => z.array(wholeNumber(words, 0, Number.MAX_SAFE_INTEGER), words),
  ),
  emptyListIs404: flag('True when the service answers 404 for an empty list.'),
  replace: choice(
    ['native', 'add-then-remove', 'add-if-same-cid'],
    'Safe way to replace a pin. `native`: by the service. `add-then-remove`: pinql adds the new pin, then removes the old one. ' +
      '`add-if-same-cid`: a pin of the same CID is added again, every other one is replaced by the service.',
  ),
  namesPinsByCid: flag('True when the service names a pin without a name after its CID.'),
}

/** The setting `capabilities` of a service. */
export const CAPABILITIES_SCHEMA = setting(
  'a map of capabilities',
  'Capabilities that differ from those of the known provider, or from the specification when there is none. See below.',
  (expected) => z.strictObject(CAPABILITY_SHAPE, { error: expected }).partial().optional(),
)

/** The capabilities that the configuration sets. */
export type CapabilitySettings = {
  readonly [Key in keyof typeof CAPABILITY_SHAPE]?: z.output<(typeof CAPABILITY_SHAPE)[Key]>
}
