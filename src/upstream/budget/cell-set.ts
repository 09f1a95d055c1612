import { RateCell } from './rate-cell.ts'
import type { Endpoint, RateLimit } from './rate-limit.ts'
import type { RequestClass } from './request-class.ts'

/** Several cells of which a call must pass every one that covers its endpoint: all of them, or none is touched. */
export class CellSet {
  /** One cell a limit, in the order of the limits. */
  readonly cells: readonly RateCell[]
  readonly #covering: Readonly<Record<Endpoint, readonly RateCell[]>>

  constructor(limits: readonly RateLimit[], jitterMs?: number) {
    this.cells = limits.map((limit) => new RateCell(limit, jitterMs))
    const covering = (endpoint: Endpoint) => this.cells.filter((cell) => cell.endpoints.includes(endpoint))
    this.#covering = { list: covering('list'), item: covering('item'), write: covering('write') }
  }

  /** The first instant at which a call may leave, as far as these cells go. */
  readyAt(
    endpoint: Endpoint,
    requestClass: RequestClass,
    now: number,
    ahead: (cell: RateCell) => number = none,
  ): number {
    let readyAt = Number.NEGATIVE_INFINITY
    for (const cell of this.#covering[endpoint]) {
      readyAt = Math.max(readyAt, cell.readyAt(now, requestClass, ahead(cell)))
    }
    return readyAt
  }

  /** Counts a call that leaves now in every cell it passes. */
  take(endpoint: Endpoint, now: number): void {
    for (const cell of this.#covering[endpoint]) cell.take(now)
  }

  /** The cells of which an answer at this endpoint speaks: those of the endpoint itself, else those of all endpoints. */
  narrowest(endpoint: Endpoint): readonly RateCell[] {
    const own = this.#covering[endpoint].filter(({ limit }) => limit.endpoint === endpoint)
    return own.length > 0 ? own : this.#covering[endpoint]
  }

  forgettableAt(now: number): number {
    return Math.max(...this.cells.map((cell) => cell.forgettableAt(now)))
  }
}

function none(): number {
  return 0
}
