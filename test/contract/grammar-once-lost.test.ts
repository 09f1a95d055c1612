import { describe, expect, it } from 'vitest'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { parseInstant } from '../../src/domain/instant.ts'
import type { Pin } from '../../src/domain/pin.ts'
import { collectRecords } from '../../src/upstream/reading/streams/collect-pins.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createStranger, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import { ONCE_LOST, pinsAt } from '../support/grammar/once-lost.ts'
import { ONCE_LOST_IN_RUNS } from '../support/grammar/once-lost-runs.ts'
import type { GrammarPin, NewGrammarPin, RandomService } from '../support/grammar/random-service.ts'
import { readHistory } from '../support/grammar/read-history.ts'
import { isWanted } from '../support/grammar/record-filters.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

const MS = 1_000_000n

describe('a history that once lost pins', () => {
  it.each([...ONCE_LOST, ...ONCE_LOST_IN_RUNS])(
    'has all of them, or an error: $what',
    async ({ rules, earlier, pins, query = ALL, expected = earlier ? 100 : 10, mayBeRefused = false }) => {
      for (const read of [
        (tenant: Tenant) => readInPages({ tenant }, query, [expected]),
        (tenant: Tenant) => readAtOnce({ tenant }, query, expected),
      ]) {
        const { service, tenant } = createStranger(rules, [])
        if (earlier) {
          service.add(earlier)
          await readAtOnce({ tenant }, query, expected)
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

  // Drawn by chance, since no shorter example is known. The list of the other statuses had pins of any status.
  it('has all of them, or an error: pins of a list whose `count` stops at the cut, beside one of the other statuses', async () => {
    const { result } = await readHistory(1207, { cids: 'one', order: 'none', largestPage: { pins: 20, beyond: 'cut' } })
    expect(['exact', 'refused']).toContain(result)
  })

  // As above. A page of few pins was taken for all pins of its instant.
  it.each([
    [770_000_143, 'half'],
    [770_000_205, 'half'],
    [770_000_399, 'two rows less'],
  ] as const)(
    'has all of them, or an error: pins of one instant where lists are always shorter than requested (%i, %s)',
    async (seed, limit) => {
      const { result } = await readHistory(seed, { limit, count: 'matching', largestPage: null })
      expect(result).toBe('exact')
    },
  )

  it('has the valid pins where a check gets records only that are unlike pins', async () => {
    const odd: NewGrammarPin = { created: at(0), status: 'failed', isOdd: true }
    const { service, tenant } = createStranger({}, [])
    service.oddRecord = 'null'
    service.add([odd, ...pinsAt(every(30, 1_000).map((time) => time + 60_000n * MS))])

    const { pins: read, leftOut } = await collectRecords(tenant.reads, ALL)
    expect([read.length, leftOut?.length]).toEqual([30, 1])
  })

  it('reports odd records that follow the last pin of a list that was cut', async () => {
    const odd = pinsAt(every(3, 1_000)).map((pin) => ({ ...pin, isOdd: true }))
    const pins = pinsAt(every(20, 1_000).map((time) => time + 60_000n * MS))
    const { tenant } = createStrangerWith({ largestPage: { pins: 20, beyond: 'cut' } }, [...odd, ...pins])
    const { pins: read, leftOut } = await collectRecords(tenant.reads, ALL)
    expect([read.length, leftOut?.length]).toEqual([20, 3])
  })

  it('reports odd records that may have another status than all pins of a list, and that follow it', async () => {
    const odd = pinsAt(every(3, 1_000), 'queued').map((pin) => ({ ...pin, isOdd: true }))
    const pins = pinsAt(every(25, 1_000).map((time) => time + 60_000n * MS))
    const rules = { statuses: 'late', largestPage: { pins: 20, beyond: 'cut' } } as const
    const { tenant } = createStrangerWith(rules, [...odd, ...pins])
    const { pins: read, leftOut } = await collectRecords(tenant.reads, { statuses: ['queued'] })
    expect([read.length, leftOut?.length]).toEqual([0, 3])
  })

  it.each(['first', 'last', 'pinned'] as const)(
    'reports all of its records, where none is a valid pin and several statuses are those of: %s',
    async (statuses) => {
      const pins = pinsAt([at(1)], 'queued').concat(pinsAt([at(2)]), pinsAt([at(3)], 'failed'))
      const { tenant } = createStrangerWith(
        { statuses },
        pins.map((pin) => ({ ...pin, isOdd: true })),
      )
      const { pins: read, leftOut } = await collectRecords(tenant.reads, ALL)
      expect([read.length, leftOut?.length]).toEqual([0, 3])
    },
  )

  it('ends in an error where a list had a time within a second, and another list shows meanwhile that times are rounded', async () => {
    const times = [...every(14, 20), ...every(25, 32).map((time) => time + 1_000n * MS)]
    const rules = { order: 'oldest-first', rounding: 'nearest', largestPage: { pins: 20, beyond: 'cut' } } as const
    const { service, tenant } = createStranger(rules, times)
    beforeAnswer(service, /after=[^&]*\.[5-9]/, () => tenant.reads.known.observeRoundedTime())
    await expect(collectRecords(tenant.reads, ALL)).rejects.toThrow(MalformedResponseError)
  })

  it('has pins of a late status, of which the test is passed by one that was added meanwhile', async () => {
    const pins = every(45, 1_000).flatMap((time, n) => pinsAt([time], n % 10 === 5 ? 'queued' : 'pinned'))
    const { service, tenant } = createStrangerWith({ statuses: 'late', largestPage: { pins: 20, beyond: 'cut' } }, pins)
    beforeAnswer(service, /status=queued&limit=1$/, () => service.add(pinsAt([at(100)], 'queued')))
    const { pins: read } = await collectRecords(tenant.reads, { statuses: ['queued'] })
    expect(read.length).toBeGreaterThanOrEqual(5)
  })

  it.each([
    ['pinned', 'pinned'],
    ['first', 'queued'],
  ] as const)(
    'has a pin of several statuses that finds: %s, where one is added while all statuses are read',
    async (statuses, added) => {
      const { service, tenant } = createStrangerWith({ statuses }, pinsAt([at(1)], 'failed'))
      beforeAnswer(service, /status=pinned&limit=1$/, () => service.add(pinsAt([at(2)], added)))
      const { pins } = await collectRecords(tenant.reads, ALL)
      expect(pins.map(({ status }) => status)).toContain('failed')
    },
  )
})

/** Acts before each request whose path matches is answered. */
function beforeAnswer(service: RandomService, path: RegExp, act: () => void): void {
  const dispatch = service.dispatch.bind(service)
  service.dispatch = (options, handler) => {
    if (path.test(decodeURIComponent(options.path))) act()
    return dispatch(options, handler)
  }
}
