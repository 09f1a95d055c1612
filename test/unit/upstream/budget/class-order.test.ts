import { describe, expect, it } from 'vitest'
import { ClassOrder } from '../../../../src/upstream/budget/class-order.ts'
import { ENDPOINTS } from '../../../../src/upstream/budget/rate-limit.ts'
import { BUDGET_CLASSES, type BudgetClass } from '../../../../src/upstream/budget/request-class.ts'
import { serveNext } from '../../../support/upstream/serve-next.ts'

/** The share of 1,000 calls that each class gets when all of `wanting` always want one. */
function shares(wanting: readonly BudgetClass[]): Partial<Record<BudgetClass, number>> {
  const order = new ClassOrder()
  const served: Partial<Record<BudgetClass, number>> = {}
  for (let i = 0; i < 1000; i++) {
    const next = serveNext(order, (each) => wanting.includes(each))
    if (!next) throw new Error('nobody wants a call')
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
    expect(shares([...BUDGET_CLASSES])).toEqual({
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
    for (let i = 0; i < 1000; i++) serveNext(order, (each) => each === 'interactive')
    expect(order.isDue('live', 'list')).toBe(true)
    serveNext(order, (each) => each === 'live')
    serveNext(order, (each) => each === 'live')
    expect(order.isDue('live', 'list')).toBe(false)
  })

  it('gives a class one floor, however many endpoints it waits at', () => {
    const order = new ClassOrder()
    for (let i = 0; i < 5; i++) order.served('mutation', 'write', () => 'waits')
    expect(ENDPOINTS.map((endpoint) => order.isDue('live', endpoint))).toEqual([false, false, false])
    for (let i = 0; i < 11; i++) order.served('mutation', 'write', () => 'waits')
    expect(ENDPOINTS.map((endpoint) => order.isDue('live', endpoint))).toEqual([true, true, true])
  })

  it('gives no credit for calls that meet other limits', () => {
    const order = new ClassOrder()
    for (let i = 0; i < 1000; i++) order.served('live', 'item', () => 'apart')
    expect(BUDGET_CLASSES.filter((each) => ENDPOINTS.some((endpoint) => order.isDue(each, endpoint)))).toEqual([])
  })

  it('takes back the turn of a call that was never sent', () => {
    const order = new ClassOrder()
    for (let i = 0; i < 5; i++) serveNext(order, (each) => each === 'interactive')
    const spent = order.served('live', 'list', () => 'apart')
    expect(order.isDue('live', 'list')).toBe(false)
    order.giveBack('live', 'list', spent)
    expect(order.isDue('live', 'list')).toBe(true)
  })
})
