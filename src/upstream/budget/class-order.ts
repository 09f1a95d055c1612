import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import { BUDGET_CLASSES, type BudgetClass, FLOORS, rankOf } from './request-class.ts'

/**
 * Largest credit of a class at an endpoint. It keeps a class that rested from saving up a flood of its own. One call more than a
 * class can use at once keeps fractions from being lost.
 */
const MAX_CREDIT = 2

/**
 * The state of a class at an endpoint when a call of others leaves. `waits`: a call of it waits, and could have left in place of
 * the other call. `rests`: no call waits, but one could have left. `apart`: a call of it would have to wait for a limit that the
 * other call does not meet, or would meet none of that call's limits.
 */
export type Passed = 'waits' | 'rests' | 'apart'

/**
 * Decides which class is served next: the most urgent one, unless a class is below its floor.
 *
 * A class gets credit only from calls that left in its place. Calls that meet other limits say nothing about its share: with their
 * credit, all classes would be below their floors all the time, and the least urgent of them would get nothing.
 */
export class ClassOrder {
  /** Number of calls that each class may make out of turn, by rank. */
  readonly #credit: Readonly<Record<Endpoint, number[]>> = {
    list: BUDGET_CLASSES.map(() => 0),
    item: BUDGET_CLASSES.map(() => 0),
    write: BUDGET_CLASSES.map(() => 0),
  }

  /** Returns true when the class got less than its floor, and so goes first. */
  isDue(requestClass: BudgetClass, endpoint: Endpoint): boolean {
    return (this.#credit[endpoint][rankOf(requestClass)] ?? 0) >= 1
  }

  /**
   * Counts a call that leaves while others wait.
   *
   * @returns the credit that it used up, for {@link giveBack}
   */
  served(
    requestClass: BudgetClass,
    endpoint: Endpoint,
    passed: (other: BudgetClass, endpoint: Endpoint) => Passed,
  ): number {
    const spent = Math.min(1, this.#credit[endpoint][rankOf(requestClass)] ?? 0)
    this.#add(requestClass, endpoint, -spent)
    for (const other of BUDGET_CLASSES) if (FLOORS[other] > 0) this.#passOver(other, passed)
    return spent
  }

  /** Takes back the credit that a call used up, since it was never sent. */
  giveBack(requestClass: BudgetClass, endpoint: Endpoint, spent: number): void {
    this.#add(requestClass, endpoint, spent)
  }

  /** Gives a class its floor. It has one floor, however many endpoints its calls wait at. */
  #passOver(requestClass: BudgetClass, passed: (other: BudgetClass, endpoint: Endpoint) => Passed): void {
    const waiting: Endpoint[] = []
    const resting: Endpoint[] = []
    for (const endpoint of ENDPOINTS) {
      const state = passed(requestClass, endpoint)
      if (state === 'waits') waiting.push(endpoint)
      else if (state === 'rests') resting.push(endpoint)
    }
    const isWaiting = waiting.length > 0
    const credit = FLOORS[requestClass] / (isWaiting ? waiting.length : 1)
    for (const endpoint of isWaiting ? waiting : resting) this.#add(requestClass, endpoint, credit)
  }

  #add(requestClass: BudgetClass, endpoint: Endpoint, credit: number): void {
    const rank = rankOf(requestClass)
    const credits = this.#credit[endpoint]
    credits[rank] = Math.min(MAX_CREDIT, (credits[rank] ?? 0) + credit)
  }
}
