import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type PollTarget, planPoll } from '../../../src/live/polling/poll-plan.ts'
import { SPECIFIED_CAPABILITIES, USUAL_CAPABILITIES } from '../../../src/upstream/providers/capabilities.ts'

const USUALLY = { ...SPECIFIED_CAPABILITIES, ...USUAL_CAPABILITIES }
const capabilities = fc.record({
  ...Object.fromEntries(Object.entries(USUALLY).map(([key, value]) => [key, fc.constant(value)])),
  maxCids: fc.integer({ min: 1, max: 10 }),
  order: fc.constantFrom('newest-first', 'oldest-first', 'none', null),
  timeFilter: fc.constantFrom('exact', 'loose', 'unusable'),
  cidFilter: fc.constantFrom('exact', 'loose', 'unusable'),
  statusFilter: fc.constantFrom('exact', 'loose', 'unusable'),
}) as unknown as fc.Arbitrary<typeof USUALLY>
const target = fc.record({
  requestId: fc.uuid(),
  cid: fc.nat(50).map((n) => ({ text: `${n}`, key: `${n}` })),
  createdNs: fc.bigInt({ min: 0n, max: 10n ** 18n }),
  isSettled: fc.boolean(),
})
const instant = fc.option(fc.bigInt({ min: 0n, max: 10n ** 18n }))

it('covers all targets and new pins, whatever filters the service supports', () => {
  fc.assert(
    fc.property(
      fc.array(target, { maxLength: 60 }),
      instant,
      instant,
      capabilities,
      (targets, newSince, tooFarBack, can) => {
        const { item, window, byCid } = planPoll({ targets, newSince, tooFarBack }, can)
        const isInWindow = ({ createdNs }: PollTarget): boolean =>
          window !== null && (window.from === null || createdNs > window.from)
        const isCovered = (each: PollTarget): boolean =>
          each.requestId === item || byCid.includes(each) || isInWindow(each)
        expect(targets.filter((each) => !isCovered(each))).toEqual([])
        if (newSince !== null) expect(window !== null && (window.from === null || window.from < newSince)).toBe(true)
        // The plan uses only filters that the service applies correctly.
        if (byCid.length > 0) expect(can.cidFilter).toBe('exact')
        if (window !== null && window.from !== null) expect(can.timeFilter).not.toBe('unusable')
      },
    ),
  )
})

it('plans no request without targets', () => {
  const plan = planPoll({ targets: [], newSince: null, tooFarBack: null }, USUALLY)
  expect(plan).toEqual({ item: null, window: null, unsettled: false, byCid: [] })
})

it('drops the time window once it costs more requests than the alternatives', () => {
  const targets = Array.from({ length: 30 }, (_, n): PollTarget => {
    return {
      requestId: `${n}`,
      cid: { text: `${n}`, key: `${n}` },
      createdNs: BigInt(n) * 10n ** 12n,
      isSettled: false,
    }
  })
  const plan = (more: Partial<Parameters<typeof planPoll>[0]>) =>
    planPoll({ targets, newSince: null, tooFarBack: null, ...more }, USUALLY)
  expect(plan({}).window?.maxRequests).toBe(1)
  expect(plan({ newSince: 10n ** 15n }).window?.maxRequests).toBe(2)
  const split = plan({ tooFarBack: 0n })
  expect([split.window, split.unsettled, split.byCid.length]).toEqual([null, true, 30])
  const settled = planPoll(
    { targets: targets.map((each) => ({ ...each, isSettled: true })), newSince: null, tooFarBack: null },
    USUALLY,
  )
  expect(settled.window?.maxRequests).toBe(3)
})
