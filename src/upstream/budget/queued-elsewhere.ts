/** Tenants of which each estimate asks all. Of more tenants, each estimate asks about as many. */
const FEW_TENANTS = 16

/** The requests of all tenants at some time. */
interface Looked {
  readonly byQueue: ReadonlyMap<object, number>
  /** Ascending. */
  readonly sorted: Float64Array
  /** At each index, the sum of what `sorted` has before it. */
  readonly sums: Float64Array
  /** Estimates that may still be made of this. */
  left: number
}

/**
 * Requests that will come to a budget, though they do not wait in it yet: those for lookups, of which each tenant has one at a time
 * in the budget. All tenants of a budget share one object, so that each estimate knows the requests of the others.
 *
 * Thousands of tenants may have thousands of lookups, each of which is estimated. So if there are many tenants, several estimates are made
 * of the same look at them.
 */
export class QueuedElsewhere {
  readonly #tenants = new Map<object, () => number>()
  #looked: Looked | undefined

  /**
   * Adds a tenant's queue while it has any requests. Returns a function that removes it.
   *
   * @param requests returns the number of its requests, the one that waits in the budget included
   */
  add(queue: object, requests: () => number): () => void {
    this.#tenants.set(queue, requests)
    return () => {
      this.#tenants.delete(queue)
      // It would keep the queues of tenants that have left.
      if (this.#tenants.size <= FEW_TENANTS) this.#looked = undefined
    }
  }

  /**
   * Returns the number of requests of other tenants that leave before the last of some requests of a queue, since tenants take
   * turns. The first of each tenant waits in the budget, which counts it.
   */
  ahead(queue: object, requests: number): number {
    if (requests <= 1) return 0
    if (this.#tenants.size > FEW_TENANTS) return aheadOf(this.#look(), queue, requests)
    let ahead = 0
    for (const [other, count] of this.#tenants) if (other !== queue) ahead += withoutFirst(count(), requests)
    return ahead
  }

  #look(): Looked {
    if (this.#looked && this.#looked.left-- > 0) return this.#looked
    const byQueue = new Map<object, number>()
    for (const [queue, count] of this.#tenants) byQueue.set(queue, count())
    const sorted = Float64Array.from(byQueue.values()).sort()
    const sums = new Float64Array(sorted.length + 1)
    for (const [index, count] of sorted.entries()) sums[index + 1] = (sums[index] ?? 0) + Math.max(0, count - 1)
    this.#looked = { byQueue, sorted, sums, left: this.#tenants.size / FEW_TENANTS }
    return this.#looked
  }
}

function withoutFirst(count: number, most: number): number {
  return Math.max(0, Math.min(count, most) - 1)
}

function aheadOf({ byQueue, sorted, sums }: Looked, queue: object, requests: number): number {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] ?? 0) < requests) from = middle + 1
    else to = middle
  }
  const all = (sums[from] ?? 0) + (sorted.length - from) * (requests - 1)
  return all - withoutFirst(byQueue.get(queue) ?? 0, requests)
}
