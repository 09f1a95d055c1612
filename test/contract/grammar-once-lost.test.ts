import { describe, expect, it } from 'vitest'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { parseInstant } from '../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import { collectRecords } from '../../src/upstream/reading/pin-stream.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createStranger, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import type { GrammarPin, NewGrammarPin } from '../support/grammar/random-service.ts'
import { isWanted } from '../support/grammar/record-filters.ts'
import type { ServiceRules } from '../support/grammar/service-rules.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

const CUT_TO_100 = { pins: 100, beyond: 'cut' } as const
const CUT_FILTERED_TO_20 = { largestPage: { pins: 20, beyond: 'cut' }, cutLists: 'filtered' } as const
const MS = 1_000_000n

const pinsAt = (times: readonly bigint[], status: PinStatus = 'pinned') =>
  times.map((created): NewGrammarPin => ({ created, status, isOdd: false }))

/** Made from histories of chance that once ended in a list that lacked pins. */
const ONCE_LOST: readonly {
  readonly what: string
  readonly rules: Partial<ServiceRules>
  /** Pins that were there when the account was read before. Default: it was not. */
  readonly earlier?: readonly NewGrammarPin[]
  readonly pins: readonly NewGrammarPin[]
  readonly query?: PinQuery
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
      largestPage: CUT_FILTERED_TO_20.largestPage,
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
]

describe('a history that once lost pins', () => {
  it.each(ONCE_LOST)(
    'has all of them, or an error: $what',
    async ({ rules, earlier, pins, query = ALL, mayBeRefused = false }) => {
      const size = earlier ? 100 : 10
      for (const read of [
        (tenant: Tenant) => readInPages({ tenant }, query, [size]),
        (tenant: Tenant) => readAtOnce({ tenant }, query, size),
      ]) {
        const { service, tenant } = createStranger(rules, [])
        if (earlier) {
          service.add(earlier)
          await readAtOnce({ tenant }, query, size)
        }
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

  it('reports odd records that follow the last pin of a list that was cut', async () => {
    const odd = pinsAt(every(3, 1_000)).map((pin) => ({ ...pin, isOdd: true }))
    const pins = pinsAt(every(20, 1_000).map((time) => time + 60_000n * MS))
    const { tenant } = createStrangerWith({ largestPage: { pins: 20, beyond: 'cut' } }, [...odd, ...pins])
    const { pins: read, leftOut } = await collectRecords(tenant, ALL)
    expect([read.length, leftOut.length]).toEqual([20, 3])
  })
})
