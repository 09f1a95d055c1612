/** Priority class of a call, the most urgent first: a change, a query, a poll of pins, a check of pins that have settled. */
export type RequestClass = 'mutation' | 'interactive' | 'live' | 'resync'

/** Class of a call in the budget. A trial finds out whether a service is back. It never bursts, and is no poll. */
export type BudgetClass = RequestClass | 'trial'

/** True for a class of live status. No operation waits for its calls. */
export function isPoll(requestClass: BudgetClass): boolean {
  return requestClass === 'live' || requestClass === 'resync'
}

/** The most urgent class first. */
export const BUDGET_CLASSES: readonly BudgetClass[] = ['mutation', 'interactive', 'trial', 'live', 'resync']

/** Returns the place of a class in {@link BUDGET_CLASSES}: 0 for the most urgent one. */
export function rankOf(requestClass: BudgetClass): number {
  return BUDGET_CLASSES.indexOf(requestClass)
}

/**
 * The part of the calls of a limit that a class gets if it has calls waiting for it, whatever more urgent classes want.
 *
 * Without floors, a flood of queries would stop live status, and a flood of mutations would stop everything else. Mutations
 * need no floor: they are served first and have a reserve.
 */
export const FLOORS: Readonly<Record<BudgetClass, number>> = {
  mutation: 0,
  interactive: 0.2,
  trial: 0.2,
  live: 0.2,
  resync: 0.05,
}
