import type { Cid } from '../../domain/cid.ts'
import type { Pin } from '../../domain/pin.ts'
import type { Clock } from '../clock.ts'

/** How long a service may take to show a new pin in its lists. */
export const GRACE_MS = 60_000

/** The pins that a tenant made lately, which its service's lists may not show yet. */
export class RecentPins {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #pins = new Map<string, { readonly cid: Cid; readonly until: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add({ requestId, cid }: Pin): void {
    this.#pins.delete(requestId)
    this.#pins.set(requestId, { cid, until: this.#clock.now() + GRACE_MS })
    this.#prune()
  }

  delete(requestId: string): void {
    this.#pins.delete(requestId)
  }

  has(requestId: string): boolean {
    this.#prune()
    return this.#pins.has(requestId)
  }

  /** The request ids of those with a CID. */
  of(cid: Cid): string[] {
    this.#prune()
    return [...this.#pins].filter(([, pin]) => pin.cid.key === cid.key).map(([requestId]) => requestId)
  }

  #prune(): void {
    const now = this.#clock.now()
    for (const [requestId, { until }] of this.#pins) {
      if (until > now) return
      this.#pins.delete(requestId)
    }
  }
}
