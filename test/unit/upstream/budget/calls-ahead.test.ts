import { describe, expect, it } from 'vitest'
import { callsAhead } from '../../../../src/upstream/budget/calls-ahead.ts'
import { ClassOrder } from '../../../../src/upstream/budget/class-order.ts'
import { BUDGET_CLASSES, type BudgetClass } from '../../../../src/upstream/budget/request-class.ts'
import { serveNext } from '../../../support/upstream/serve-next.ts'

describe('callsAhead', () => {
  it.each(BUDGET_CLASSES)('predicts the turn of a %s call among 500 waiting calls', (requestClass) => {
    const waiting: Record<BudgetClass, number> = { mutation: 100, interactive: 100, trial: 100, live: 100, resync: 100 }
    const foretold = callsAhead(requestClass, (other) => waiting[other])
    const order = new ClassOrder()
    let served = 0
    for (; ; served++) {
      const next = serveNext(order, (each) => waiting[each] > 0 || each === requestClass)
      if (!next || (next === requestClass && waiting[next] === 0)) break
      waiting[next] -= 1
    }
    expect(foretold).toBeGreaterThanOrEqual(served * 0.7)
    expect(foretold).toBeLessThanOrEqual(served * 1.4 + 1)
  })

  it('predicts no calls ahead without waiting calls', () => {
    expect(BUDGET_CLASSES.map((each) => callsAhead(each, () => 0))).toEqual(BUDGET_CLASSES.map(() => 0))
  })
})
