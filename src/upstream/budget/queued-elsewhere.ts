/**
 * Requests that will come to a budget, though they do not wait in it yet: those for lookups, of which each tenant has one at a time
 * in the budget. All tenants of a budget share one object, so that each estimate knows the requests of the others.
 */
export class QueuedElsewhere {
  readonly #tenants = new Map<object, () => number>()

  /**
   * Adds a tenant's queue while it has any requests. Returns a function that removes it.
   *
   * @param requests returns the number of its requests, the one that waits in the budget included
   */
  add(queue: object, requests: () => number): () => void {
    this.#tenants.set(queue, requests)
    return () => this.#tenants.delete(queue)
  }

  /**
   * Returns the number of requests of other tenants that leave before the last of some requests of a queue, since tenants take
   * turns. The first of each tenant waits in the budget, which counts it.
   */
  ahead(queue: object, requests: number): number {
    let ahead = 0
    for (const [other, count] of this.#tenants)
      if (other !== queue) ahead += Math.max(0, Math.min(count(), requests) - 1)
    return ahead
  }
}
