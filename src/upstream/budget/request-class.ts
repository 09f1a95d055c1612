/** Why a call is made, the most urgent first: a change, a query, watching pins, looking over settled pins again. */
export type RequestClass = 'mutation' | 'interactive' | 'live' | 'resync'

export const REQUEST_CLASSES: readonly RequestClass[] = ['mutation', 'interactive', 'live', 'resync']

/**
 * The part of all calls that a class gets when it wants it, whatever waits above it.
 *
 * Without floors a flood of queries would freeze live status, and a flood of mutations everything. Mutations need
 * none: they are served first and have a reserve.
 */
const FLOORS: Readonly<Record<RequestClass, number>> = { mutation: 0, interactive: 0.2, live: 0.2, resync: 0.05 }

/** A class that rested may not save up a flood of its own; one call more than it can use keeps fractions from being lost. */
const MAX_CREDIT = 2

/** Decides which class is served next where several want the same budget: the urgent first, but none below its floor. */
export class ClassOrder {
  // Calls a class may take out of turn.
  readonly #credit: Record<RequestClass, number> = { mutation: 0, interactive: 0, live: 0, resync: 0 }

  /** All classes in the order in which to serve them now. */
  next(): RequestClass[] {
    const due = REQUEST_CLASSES.filter((each) => this.isDue(each))
    return due.length === 0 ? [...REQUEST_CLASSES] : [...due, ...REQUEST_CLASSES.filter((each) => !this.isDue(each))]
  }

  /** True when the class has had less than its floor and goes first. */
  isDue(requestClass: RequestClass): boolean {
    return this.#credit[requestClass] >= 1
  }

  /** To be told of every call that leaves. */
  served(requestClass: RequestClass): void {
    this.#credit[requestClass] = Math.max(0, this.#credit[requestClass] - 1)
    for (const each of REQUEST_CLASSES) this.#credit[each] = Math.min(MAX_CREDIT, this.#credit[each] + FLOORS[each])
  }
}

/**
 * Estimates how many calls leave before a new one of `requestClass`.
 *
 * @param waiting how many calls of each class compete with it, as far as they come before it inside its own class
 */
export function callsAhead(requestClass: RequestClass, waiting: (other: RequestClass) => number): number {
  const rank = REQUEST_CLASSES.indexOf(requestClass)
  const own = waiting(requestClass)
  let higher = 0
  let floorsBelow = 0
  REQUEST_CLASSES.forEach((other, index) => {
    if (index < rank) higher += waiting(other)
    if (index > rank && waiting(other) > 0) floorsBelow += FLOORS[other]
  })
  const inOrder = (higher + own) / (1 - floorsBelow)
  const byFloor = FLOORS[requestClass] > 0 ? (own + 1) / FLOORS[requestClass] - 1 : Number.POSITIVE_INFINITY
  return Math.ceil(Math.min(inOrder, byFloor))
}
