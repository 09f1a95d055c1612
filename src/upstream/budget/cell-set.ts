import { RateCell } from './rate-cell.ts'
import type { Endpoint, RateLimit } from './rate-limit.ts'
import type { BudgetClass } from './request-class.ts'

/** Several cells. A call must pass all cells that cover its endpoint; if one of them refuses, none counts the call. */
export class CellSet {
  /** One cell per limit, in the order of the limits. */
  readonly cells: readonly RateCell[]
  readonly #covering: Readonly<Record<Endpoint, readonly RateCell[]>>

  /** @param options.hasCopies true if the cells of limits by address are copies of cells that decide */
  constructor(limits: readonly RateLimit[], { hasCopies = false } = {}) {
    this.cells = limits.map((limit) => new RateCell(limit, hasCopies && limit.scope === 'address'))
    const covering = (endpoint: Endpoint) => this.cells.filter((cell) => cell.endpoints.includes(endpoint))
    this.#covering = { list: covering('list'), item: covering('item'), write: covering('write') }
  }

  /** Returns the first instant at which these cells let a call leave. */
  readyAt(
    endpoint: Endpoint,
    requestClass: BudgetClass,
    now: number,
    ahead: (cell: RateCell) => number = none,
  ): number {
    let readyAt = Number.NEGATIVE_INFINITY
    for (const cell of this.#covering[endpoint]) {
      readyAt = Math.max(readyAt, cell.readyAt(now, requestClass, ahead(cell)))
    }
    return readyAt
  }

  /** Returns true if calls to the two endpoints meet a cell in common. */
  isShared(one: Endpoint, other: Endpoint): boolean {
    return this.#covering[one].some(({ endpoints }) => endpoints.includes(other))
  }

  /** Returns true if a call has to wait for none of the cells that calls to the other endpoint do not meet. */
  isOpenBeside(other: Endpoint, endpoint: Endpoint, requestClass: BudgetClass, now: number): boolean {
    if (other === endpoint) return true
    for (const cell of this.#covering[endpoint]) {
      if (!cell.endpoints.includes(other) && cell.readyAt(now, requestClass) > now) return false
    }
    return true
  }

  /** Counts a call that gets its permit now in every cell that covers its endpoint. */
  take(endpoint: Endpoint, requestClass: BudgetClass, now: number): void {
    for (const cell of this.#covering[endpoint]) cell.take(now, requestClass)
  }

  /** Counts a call with a permit from now on, since it is sent now. */
  sent(endpoint: Endpoint, requestClass: BudgetClass, now: number, grantedAt: number): void {
    for (const cell of this.#covering[endpoint]) cell.sent(now, requestClass, grantedAt)
  }

  /** Forgets a call with a permit that is never sent. */
  giveBack(endpoint: Endpoint, requestClass: BudgetClass, grantedAt: number): void {
    for (const cell of this.#covering[endpoint]) cell.giveBack(requestClass, grantedAt)
  }

  /**
   * Returns the cells that an answer at this endpoint describes: the cells of that endpoint alone, or else all that cover
   * it.
   */
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
