import { describe, expect, it } from 'vitest'
import {
  type BudgetClass,
  ClassOrder,
  callsAhead,
  REQUEST_CLASSES,
} from '../../../../src/upstream/budget/request-class.ts'

/** The share of 1,000 calls that each class gets when all of `wanting` always want one. */
function shares(wanting: readonly BudgetClass[]): Partial<Record<BudgetClass, number>> {
  const order = new ClassOrder()
  const served: Partial<Record<BudgetClass, number>> = {}
  for (let i = 0; i < 1000; i++) {
    const next = order.next().find((each) => wanting.includes(each))
    if (!next) throw new Error('nobody wants a call')
    order.served(next)
    served[next] = (served[next] ?? 0) + 1 / 1000
  }
  return served
}

const closeTo = (value: number) => expect.closeTo(value, 2)

describe('ClassOrder', () => {
  it('serves the most urgent class first, and gives the others their minimum share', () => {
    expect(shares(['interactive', 'live'])).toEqual({ interactive: closeTo(0.8), live: closeTo(0.2) })
    expect(shares(['mutation', 'live'])).toEqual({ mutation: closeTo(0.8), live: closeTo(0.2) })
    expect(shares(['live', 'resync'])).toEqual({ live: closeTo(0.95), resync: closeTo(0.05) })
    expect(shares([...REQUEST_CLASSES])).toEqual({
      mutation: closeTo(0.35),
      interactive: closeTo(0.2),
      trial: closeTo(0.2),
      live: closeTo(0.2),
      resync: closeTo(0.05),
    })
  })

  it('leaves the whole budget to a class that is alone', () => {
    expect(shares(['resync'])).toEqual({ resync: closeTo(1) })
  })

  it('lets a class that rested go out of turn twice at most', () => {
    const order = new ClassOrder()
    for (let i = 0; i < 1000; i++) order.served('interactive')
    expect(order.isDue('live')).toBe(true)
    order.served('live')
    order.served('live')
    expect(order.isDue('live')).toBe(false)
  })
})

describe('callsAhead', () => {
  it.each(REQUEST_CLASSES)('predicts the turn of a %s call among 500 waiting calls', (requestClass) => {
    const waiting: Record<BudgetClass, number> = { mutation: 100, interactive: 100, trial: 100, live: 100, resync: 100 }
    const foretold = callsAhead(requestClass, (other) => waiting[other])
    const order = new ClassOrder()
    let served = 0
    for (; ; served++) {
      const next = order.next().find((each) => waiting[each] > 0 || each === requestClass)
      if (!next || (next === requestClass && waiting[next] === 0)) break
      waiting[next] -= 1
      order.served(next)
    }
    expect(foretold).toBeGreaterThanOrEqual(served * 0.7)
    expect(foretold).toBeLessThanOrEqual(served * 1.4 + 1)
  })

  it('predicts no calls ahead without waiting calls', () => {
    expect(REQUEST_CLASSES.map((each) => callsAhead(each, () => 0))).toEqual(REQUEST_CLASSES.map(() => 0))
  })
})
