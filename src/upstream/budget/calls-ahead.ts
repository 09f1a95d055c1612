import { BUDGET_CLASSES, type BudgetClass, FLOORS, rankOf } from './request-class.ts'

/**
 * Estimates how many calls leave before a new call of `requestClass`.
 *
 * @param waiting returns the number of waiting calls of a class. For the new call's own class, only calls that come before
 *   it count.
 */
export function callsAhead(requestClass: BudgetClass, waiting: (other: BudgetClass) => number): number {
  const rank = rankOf(requestClass)
  const own = waiting(requestClass)
  let higher = 0
  let floorsBelow = 0
  BUDGET_CLASSES.forEach((other, index) => {
    if (index < rank) higher += waiting(other)
    if (index > rank && waiting(other) > 0) floorsBelow += FLOORS[other]
  })
  const inOrder = (higher + own) / (1 - floorsBelow)
  const byFloor = FLOORS[requestClass] > 0 ? (own + 1) / FLOORS[requestClass] - 1 : Number.POSITIVE_INFINITY
  return Math.ceil(Math.min(inOrder, byFloor))
}
