import { parseCid } from '../../../src/domain/cid.ts'
import { PIN_STATUSES, type PinStatus } from '../../../src/domain/pin.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { ALL } from '../zoo/paging-histories.ts'
import { at } from '../zoo/seed-and-drain.ts'
import { every } from './create-stranger.ts'
import type { NewGrammarPin } from './random-service.ts'
import type { ServiceRules } from './service-rules.ts'

const CUT_TO_100 = { pins: 100, beyond: 'cut' } as const
const CUT_TO_20 = { pins: 20, beyond: 'cut' } as const
const CUT_FILTERED_TO_20 = { largestPage: CUT_TO_20, cutLists: 'filtered' } as const
const MS = 1_000_000n

/** Records of one status. */
export const pinsAt = (times: readonly bigint[], status: PinStatus = 'pinned') =>
  times.map((created): NewGrammarPin => ({ created, status, isOdd: false }))

/** Pins at a service, of which a reading once lost some. */
export interface OnceLost {
  readonly what: string
  readonly rules: Partial<ServiceRules>
  /** Pins that were there when the account was read before. Default: it was not. */
  readonly earlier?: readonly NewGrammarPin[]
  readonly pins: readonly NewGrammarPin[]
  readonly query?: PinQuery
  /** Number of pins that are expected. Default: 10. */
  readonly expected?: number
  /** True if an error is allowed, since the pins cannot be read for certain. */
  readonly mayBeRefused?: boolean
}

/** Made from histories of chance that once ended in a list that lacked pins. */
export const ONCE_LOST: readonly OnceLost[] = [
  {
    // Found at seed 448302294.
    what: 'a pin at a whole second, to which `after` is rounded up',
    rules: { digits: 6, rounding: 'up', largestPage: CUT_TO_100, emptyList: '404 in JSON' },
    pins: [
      at(27),
      at(11),
      at(8),
      at(0, 986n * MS),
      ...Array.from({ length: 101 }, (_, n) => at(1, BigInt(n) * 1_000n)),
    ].map((created, n) => ({ created, status: n % 6 === 0 ? 'queued' : 'pinned', isOdd: false })),
  },
  {
    // Found at seed 1295427090.
    what: 'pins of the second of several statuses, where the first has an odd record only',
    rules: { order: 'oldest-first', digits: 0, count: 'capped', statuses: 'first', emptyList: '404 in JSON' },
    pins: [
      { created: at(0), status: 'queued', isOdd: true },
      { created: at(14), status: 'pinned', isOdd: false },
      { created: at(17), status: 'queued', isOdd: false },
    ],
    query: {
      ...ALL,
      before: new Date(Number(at(15) / MS)).toISOString(),
      after: new Date(Number(at(13) / MS)).toISOString(),
    },
  },
  {
    // Found at seeds 50085445 and 50120698.
    what: 'a pin of an instant, since each list shows others of them',
    rules: { ...CUT_FILTERED_TO_20, ties: 'shuffled', limit: 'ignored', bounds: 'after ignored' },
    pins: pinsAt([...Array<bigint>(12).fill(at(0)), ...every(9, 5_000).map((time) => time + 1_000n * MS)]),
    query: { statuses: ['queued', 'pinned'] },
    // Without `after`, nothing shows that the list is not made of runs.
    mayBeRefused: true,
  },
  {
    // Found at seed 50060270.
    what: 'a pin between two seconds, that a cut list of pins at whole seconds did not show',
    rules: {
      largestPage: CUT_TO_20,
      order: 'none',
      bounds: 'inclusive',
      times: 'whole seconds',
      count: 'more',
    },
    pins: pinsAt([
      ...Array<bigint>(12).fill(at(0)),
      ...Array<bigint>(16).fill(at(1)),
      at(0, 3n * MS),
      at(20, 754n * MS),
    ]),
    query: { statuses: ['pinned'] },
    mayBeRefused: true,
  },
  {
    // Found at seed 50091560.
    what: 'pins of statuses that are looked at late, where a list of one pin has two, of which one has another status',
    rules: {
      largestPage: { pins: 100, beyond: 'ten' },
      statuses: 'late',
      limit: 'one row more',
      rounding: 'down',
      count: 'total',
    },
    // The second of them, counted from the newest, is the only one of its status for long.
    pins: every(500, 1).flatMap((time, n) => pinsAt([time], n === 498 || n % 40 === 7 ? 'queued' : 'pinned')),
    query: { statuses: ['queued', 'pinned'], before: new Date(Number(at(30) / MS)).toISOString() },
    mayBeRefused: true,
  },
  {
    // Found at seed 50102515.
    what: 'a pin of the other status at a service that lists the default for several',
    rules: { ...CUT_FILTERED_TO_20, statuses: 'pinned', emptyList: 'no results' },
    pins: [
      { created: at(60), status: 'pinned', isOdd: true },
      ...pinsAt(every(11, 700)),
      ...pinsAt(every(8, 900), 'queued').map((pin) => ({ ...pin, name: 'b' })),
    ],
    query: { statuses: PIN_STATUSES, name: 'b', match: 'exact' },
  },
  {
    // Found at seed 60031842.
    what: 'pins of other statuses than the default, where `count` claims more than a list of one odd record',
    rules: { statuses: 'pinned', count: 'more', digits: 0 },
    pins: [{ created: at(20), status: 'pinned', isOdd: true }, ...pinsAt(every(3, 900), 'queued')],
  },
  {
    what: 'pins that came since behind the last one, where a cut list ends with it again',
    rules: { largestPage: { pins: 20, beyond: 'cut' } },
    earlier: pinsAt(every(15, 1_000)),
    pins: pinsAt([at(8, 500n * MS), ...[20, 21, 22, 23].map((second) => at(second)), at(-1), at(-2)]),
  },
  {
    what: 'pins that are newer than those of a cut list in no order, that came sorted by chance',
    rules: { largestPage: { pins: 20, beyond: 'cut' }, order: 'none' },
    // By chance, the list ends with the oldest pin and lacks the newest.
    pins: pinsAt(Array.from({ length: 24 }, (_, n) => at(n === 7 ? 1 : n === 4 ? 20 : 10))),
    mayBeRefused: true,
  },
  {
    what: 'pins at a whole second, since the list that had a pin at `before` was requested with a later one',
    rules: { times: 'whole seconds' },
    earlier: [],
    pins: pinsAt([
      ...every(12, 1_000).map((time) => time + 60_000n * MS),
      ...Array<bigint>(65).fill(at(41)),
      at(40, 501n * MS),
      ...Array<bigint>(5).fill(at(40, 500n * MS)),
      ...Array<bigint>(30).fill(at(40)),
    ]),
  },
  {
    what: 'pins of an instant that the next list had to have again, and that had an odd record only',
    rules: {
      largestPage: { pins: 20, beyond: 'cut' },
      order: 'oldest-first',
      rounding: 'up',
      count: 'total',
      statuses: 'any',
    },
    earlier: [],
    pins: [
      ...pinsAt([at(10), at(10), ...Array<bigint>(9).fill(at(40, 999n * MS)), ...Array<bigint>(16).fill(at(41))]),
      { created: at(61), status: 'pinned', isOdd: true },
    ],
    mayBeRefused: true,
  },
  ...(['down', 'nearest'] as const).map((rounding) => ({
    what: `pins at a time that is rounded ${rounding} otherwise than the time before it, with which the list had its pins`,
    rules: { largestPage: { pins: 20, beyond: 'cut' }, order: 'oldest-first', rounding } as const,
    pins: pinsAt([
      ...every(2, 1_000),
      ...Array<bigint>(5).fill(at(14, (rounding === 'down' ? 999n : 499n) * MS)),
      ...Array<bigint>(18).fill(at(14, (rounding === 'down' ? 1_000n : 500n) * MS)),
      at(20),
    ]),
    mayBeRefused: true,
  })),
  {
    what: 'pins of another status at a service that lists the default for several, where only odd records have the default',
    rules: { statuses: 'pinned', count: 'more' },
    pins: [{ created: at(9), status: 'pinned', isOdd: true }, ...pinsAt([at(5)], 'queued')],
  },
  {
    what: 'pins of statuses that are looked at late, which shuffled lists of several statuses lacked by chance',
    rules: { statuses: 'late', order: 'none', ties: 'shuffled', largestPage: CUT_TO_20 },
    pins: every(145, 1_000).flatMap((time, n) => pinsAt([time], n % 50 === 3 ? 'pinned' : 'queued')),
    query: { statuses: ['pinned', 'failed'] },
  },
  {
    what: 'pins of a status that is looked at late in lists of any limit, of which each shows other pins of an instant',
    rules: { statuses: 'late', limit: 'ignored', ties: 'shuffled', largestPage: CUT_TO_20 },
    pins: [
      ...pinsAt(every(12, 1_000).map((time) => time + 1_000_000n * MS)),
      ...pinsAt(Array<bigint>(3).fill(at(50)), 'queued'),
      ...pinsAt(Array<bigint>(7).fill(at(50))),
      ...every(33, 1_000).flatMap((time, n) => pinsAt([time], n % 8 === 0 ? 'queued' : 'pinned')),
    ],
    query: { statuses: ['queued'] },
  },
  {
    what: 'pins of a status that is looked at late, of which the newest one is at a shuffled instant',
    rules: { statuses: 'late', limit: 'one row more', ties: 'shuffled', largestPage: CUT_TO_100 },
    pins: [
      ...pinsAt([at(9_000)], 'queued'),
      ...pinsAt([at(9_000), at(9_000)]),
      ...every(203, 1_000).flatMap((time, n) => pinsAt([time], n % 37 === 5 && n < 80 ? 'queued' : 'pinned')),
    ],
    query: { statuses: ['queued'] },
  },
  {
    what: 'a pin of a shuffled instant that a page of a late status lacked, while the next page had it',
    rules: { statuses: 'late', ties: 'shuffled' },
    pins: [
      { created: at(2_000), status: 'queued', isOdd: true },
      ...pinsAt(every(8, 1_000).map((time) => time + 1_000_000n * MS)),
      ...pinsAt([at(1), at(1)], 'queued'),
      ...pinsAt([at(1), at(1), at(0), at(-1), at(-2)]),
    ],
    query: { statuses: ['queued'] },
  },
  {
    what: 'a pin of several CIDs at a service that finds none of them, where the newest records are no valid pins',
    rules: { cids: 'one' },
    pins: [
      ...every(10, 1_000).map(
        (time): NewGrammarPin => ({
          created: time + 1_000_000n * MS,
          status: 'pinned',
          isOdd: true,
          cid: exampleCid(7),
        }),
      ),
      ...pinsAt([at(50)]),
    ],
    query: { ...ALL, cids: [1, 2].map((n) => parseCid(exampleCid(n))) },
  },
  {
    what: 'a pin of another status at a service that lists the default for several, of which the newest pins are odd',
    rules: { statuses: 'pinned' },
    pins: [
      ...every(10, 1_000).map(
        (time): NewGrammarPin => ({ created: time + 1_000_000n * MS, status: 'pinned', isOdd: true }),
      ),
      ...pinsAt(every(12, 1_000).map((time) => time + 100_000n * MS)),
      ...pinsAt([at(9)], 'queued'),
    ],
    expected: 50,
  },
  {
    what: 'the newest pin of lists in no order, which was not among the first and would have been the only one out of order',
    rules: { order: 'none', largestPage: CUT_TO_20 },
    pins: Array.from({ length: 32 }, (_, n): NewGrammarPin => {
      const created = at(n === 1 ? 50 : n === 30 ? 100 : 0)
      return { created, status: n % 2 ? 'queued' : 'pinned', isOdd: false }
    }),
  },
  {
    what: 'a pin of a shuffled instant that a page of a late status lacked, while the next page was full',
    rules: { statuses: 'late', ties: 'shuffled' },
    pins: [
      { created: at(2_000), status: 'queued', isOdd: true },
      ...pinsAt(
        every(8, 1_000).map((time) => time + 1_000_000n * MS),
        'queued',
      ),
      ...pinsAt([at(1)], 'queued'),
      ...pinsAt([at(1)]),
      ...pinsAt([at(1)], 'queued'),
      ...pinsAt([at(0), at(-1)]),
    ],
    query: { statuses: ['queued'] },
    expected: 9,
  },
  {
    what: 'a pin of a shuffled instant that a page of a late status lacked, while the next page had as many as it counts',
    rules: { statuses: 'late', ties: 'shuffled', count: 'total' },
    pins: [
      ...pinsAt(every(8, 1_000).map((time) => time + 1_000_000n * MS)),
      ...pinsAt([at(1)], 'queued'),
      ...pinsAt([at(1), at(1), at(1), at(1), at(0), at(-1)]),
    ],
    query: { statuses: ['queued'] },
    expected: 9,
  },
  {
    what: 'pins of a status that is looked at late, where lists of some statuses are cut shorter whatever their limit',
    rules: { ...CUT_FILTERED_TO_20, statuses: 'late', limit: 'ignored' },
    earlier: every(40, 1_000).flatMap((time, n) =>
      pinsAt([time], n > 20 && n < 24 ? 'pinned' : n % 5 === 0 && n < 26 ? 'queued' : 'failed'),
    ),
    pins: pinsAt(Array<bigint>(15).fill(at(100)), 'failed'),
    query: { statuses: ['pinned'] },
  },
]
