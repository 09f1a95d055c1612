import type { ClassOrder } from '../../../src/upstream/budget/class-order.ts'
import { BUDGET_CLASSES, type BudgetClass } from '../../../src/upstream/budget/request-class.ts'

/** Serves a call of the class whose turn it is, if all calls go to one endpoint with one limit. Returns the class. */
export function serveNext(order: ClassOrder, waits: (requestClass: BudgetClass) => boolean): BudgetClass | undefined {
  const due = BUDGET_CLASSES.filter((each) => order.isDue(each, 'list'))
  const next = [...due, ...BUDGET_CLASSES].find(waits)
  if (next) {
    order.served(next, 'list', (each, endpoint) => {
      if (endpoint !== 'list') return 'apart'
      return waits(each) ? 'waits' : 'rests'
    })
  }
  return next
}
