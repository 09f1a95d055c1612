import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { at } from '../zoo/seed-and-drain.ts'
import { every } from './create-stranger.ts'
import type { OnceLost } from './once-lost.ts'
import type { NewGrammarPin } from './random-service.ts'
import type { ServiceRules, SortedRuns } from './service-rules.ts'

const CUT_TO_20 = { pins: 20, beyond: 'cut' } as const

/** Lists that are made of one run for each status, CID or name, each newest first. */
const runsBy = (by: SortedRuns['by'], first: SortedRuns['first']): Partial<ServiceRules> => ({
  order: { by, first, inside: 'newest-first' },
})

/** One pin a minute. */
const pinsInMinutes = (count: number, pinOf: (n: number) => Partial<NewGrammarPin>): NewGrammarPin[] =>
  every(count, 60_000).map((created, n) => ({ created, status: 'pinned', isOdd: false, ...pinOf(n) }))

/** Histories at services whose lists are made of sorted runs, that once ended in a list that lacked pins. */
export const ONCE_LOST_IN_RUNS: readonly OnceLost[] = [
  {
    what: 'newer pins of another status, at a service that lists one status after the other',
    rules: runsBy('status', PIN_STATUSES.toSorted()),
    pins: pinsInMinutes(60, (n) => ({ status: n % 4 === 0 ? 'queued' : 'pinned' })),
  },
  {
    what: 'newer pins of another CID, at a service that lists one CID after the other',
    rules: runsBy('cid', 'lowest'),
    pins: pinsInMinutes(60, (n) => ({ cid: exampleCid(n % 2), status: n % 3 === 0 ? 'failed' : 'pinned' })),
  },
  {
    what: 'newer pins with a name, at a service that lists one name after the other',
    rules: runsBy('name', 'lowest'),
    pins: pinsInMinutes(60, (n) => ({ name: n % 5 === 0 ? 'site' : null, cid: exampleCid(n % 7) })),
  },
  {
    what: 'the only pin of another status, in the middle of a walk, at a service that lists one status after the other',
    rules: runsBy(
      'status',
      PIN_STATUSES.toReversed().toSorted((a, b) => Number(a === 'failed') - Number(b === 'failed')),
    ),
    pins: pinsInMinutes(80, (n) => ({ status: n === 40 ? 'failed' : 'pinned' })),
  },
  {
    what: 'pins of another status that came since a list of one status was read to its end',
    rules: runsBy('status', PIN_STATUSES.toSorted()),
    earlier: pinsInMinutes(30, () => ({})),
    pins: pinsInMinutes(40, (n) => ({ created: at(3_600 + n * 60), status: n % 4 === 0 ? 'queued' : 'pinned' })),
    expected: 10,
  },
  {
    what: 'pins of the runs behind the first, of a list that was cut without a word between two runs',
    rules: { ...runsBy('status', PIN_STATUSES.toSorted()), largestPage: CUT_TO_20 },
    // All that are cut off are newer than the last pin of the page.
    pins: pinsInMinutes(30, (n) => ({ status: n < 20 ? 'failed' : 'pinned' })),
    expected: 100,
  },
  {
    what: 'older pins of another status, at a service that lists one status after the other, each oldest first',
    rules: {
      order: { by: 'status', first: PIN_STATUSES, inside: 'oldest-first' },
      largestPage: { pins: 50, beyond: 'refused' },
    },
    pins: pinsInMinutes(150, (n) => ({ status: n % 3 === 0 ? 'pinned' : 'queued' })),
  },
]
