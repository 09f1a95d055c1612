import { describe, expect, it } from 'vitest'
import { CallScheduler } from '../../../../src/upstream/budget/call-scheduler.ts'
import { CellSet } from '../../../../src/upstream/budget/cell-set.ts'
import { TenantBudget, type Waiter } from '../../../../src/upstream/budget/tenant-budget.ts'
import { TestClock } from '../../../support/test-clock.ts'
import { ADDRESS, FOREVER } from './budget-harness.ts'

describe('CallScheduler', () => {
  it('keeps no appointment for calls that came and went while their tenant was paused', () => {
    const clock = new TestClock()
    const address = new CellSet([ADDRESS])
    using scheduler = new CallScheduler(clock, address, () => {})
    const tenant = new TenantBudget('a', [ADDRESS])
    for (const cell of tenant.cells.cells) cell.refused(0, 0, 3_600_000)
    for (const deadline of [FOREVER, 4_000_000, FOREVER]) {
      const lane = tenant.lane('live', 'list')
      const ignore = () => {}
      const waiter: Waiter = {
        lane,
        deadline,
        place: undefined,
        expiry: undefined,
        grant: ignore,
        refuse: ignore,
        fail: ignore,
      }
      scheduler.add(waiter)
      expect(scheduler.agenda.size).toBeGreaterThan(0)
      scheduler.remove(waiter)
      expect([scheduler.agenda.size, tenant.waiting]).toEqual([0, 0])
    }
  })
})
