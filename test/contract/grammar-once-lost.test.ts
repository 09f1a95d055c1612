import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { parseInstant } from '../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import { openPinStreams } from '../../src/upstream/reading/pin-stream.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createStranger, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import type { GrammarPin, NewGrammarPin } from '../support/grammar/random-service.ts'
import { isWanted } from '../support/grammar/record-filters.ts'
import type { ServiceRules } from '../support/grammar/service-rules.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

const CUT_TO_100 = { pins: 100, beyond: 'cut' } as const
const CUT_TO_20 = { pins: 20, beyond: 'cut' } as const
const CUT_FILTERED_TO_20 = { largestPage: CUT_TO_20, cutLists: 'filtered' } as const
const MS = 1_000_000n

const pinsAt = (times: readonly bigint[], status: PinStatus = 'pinned') =>
  times.map((created): NewGrammarPin => ({ created, status, isOdd: false }))

/** Made from histories of chance that once ended in a list that lacked pins. */
const ONCE_LOST: readonly {
  readonly what: string
  readonly rules: Partial<ServiceRules>
  readonly pins: readonly NewGrammarPin[]
  readonly query?: PinQuery
  /** Number of pins that are expected. Default: 10. */
  readonly expected?: number
  /** True if an error is allowed, since the pins cannot be read for certain. */
  readonly mayBeRefused?: boolean
}[] = [
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
]

describe('a history that once lost pins', () => {
  it.each(ONCE_LOST)(
    'has all of them, or an error: $what',
    async ({ rules, pins, query = ALL, expected = 10, mayBeRefused = false }) => {
      for (const read of [
        (tenant: Tenant) => readInPages({ tenant }, query, [expected]),
        (tenant: Tenant) => readAtOnce({ tenant }, query, expected),
      ]) {
        const { service, tenant } = createStranger(rules, [])
        service.add(pins)
        const isWithin = ({ created, ...pin }: GrammarPin): boolean =>
          isWanted(query, pin) &&
          (query.before === undefined || created < parseInstant(query.before).ns) &&
          (query.after === undefined || created > parseInstant(query.after).ns)
        const ids = service.pins.filter((pin) => isWithin(pin) && !pin.isOdd).map(({ requestId }) => requestId)
        const pinsRead = await read(tenant).catch((error: unknown) => error)
        if (mayBeRefused && pinsRead instanceof MalformedResponseError) continue
        expect((pinsRead as Pin[]).map(({ requestId }) => requestId).sort()).toEqual(ids.sort())
      }
    },
  )

  it.each(['first', 'last', 'pinned'] as const)(
    'reports all of its records, where none is a valid pin and several statuses are those of: %s',
    async (statuses) => {
      const pins = pinsAt([at(1)], 'queued').concat(pinsAt([at(2)]), pinsAt([at(3)], 'failed'))
      const { tenant } = createStrangerWith(
        { statuses },
        pins.map((pin) => ({ ...pin, isOdd: true })),
      )
      const [stream] = openPinStreams(tenant, ALL, { expected: 10 })
      expect(await stream?.take(10)).toEqual([])
      expect(stream?.leftOut).toHaveLength(3)
    },
  )
})
