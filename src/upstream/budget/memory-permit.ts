import type { Permit } from './request-budget.ts'

/** A permit of a budget that is kept in memory. */
export class MemoryPermit implements Permit {
  readonly grantedAt: number
  readonly waitedMs: number
  #settle: ((isSent: boolean) => void) | undefined

  constructor(grantedAt: number, waitedMs: number, settle: (isSent: boolean) => void) {
    this.grantedAt = grantedAt
    this.waitedMs = waitedMs
    this.#settle = settle
  }

  sent(): void {
    this.#end(true)
  }

  giveBack(): void {
    this.#end(false)
  }

  #end(isSent: boolean): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(isSent)
  }
}
