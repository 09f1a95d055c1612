import { describe, expect, it } from 'vitest'
import { CallScheduler } from '../../../../src/upstream/budget/call-scheduler.ts'
import { CellSet } from '../../../../src/upstream/budget/cell-set.ts'
import { TenantShare, type WaitingCall } from '../../../../src/upstream/budget/tenant-share.ts'
import { ADDRESS, FOREVER } from '../../../support/upstream/budget-harness.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

/** A call that takes whatever comes. */
function patient(tenant: TenantShare, deadline: number): WaitingCall {
  const ignore = () => {}
  const lane = tenant.lane('live', 'list')
  return {
    lane,
    deadline,
    serviceName: undefined,
    asker: undefined,
    turn: undefined,
    expiry: undefined,
    grant: ignore,
    refuse: ignore,
    fail: ignore,
  }
}

describe('CallScheduler', () => {
  it('keeps no appointment for calls that came and went while their tenant was paused', () => {
    using scheduler = new CallScheduler(new VirtualClock(), new CellSet([ADDRESS]), () => {})
    const tenant = new TenantShare('a', [ADDRESS])
    for (const cell of tenant.cells.cells) cell.refused(0, 0, 3_600_000)
    for (const deadline of [FOREVER, 4_000_000, FOREVER]) {
      const waiter = patient(tenant, deadline)
      scheduler.add(waiter)
      expect(scheduler.agenda.size).toBeGreaterThan(0)
      scheduler.remove(waiter)
      expect([scheduler.agenda.size, tenant.waiting]).toEqual([0, 0])
    }
  })

  it('plans the next slot of the address once, however often it is put off', () => {
    const address = new CellSet([ADDRESS])
    using scheduler = new CallScheduler(new VirtualClock(), address, () => {})
    const tenant = new TenantShare('a', [ADDRESS])
    for (const untilMs of [1000, 2000, 3000]) {
      for (const cell of address.cells) cell.refused(0, 0, untilMs)
      scheduler.add(patient(tenant, FOREVER))
      expect(scheduler.agenda.size).toBe(1)
    }
  })
})
