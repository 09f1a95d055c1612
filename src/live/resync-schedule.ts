/** How often everything that is watched is looked over, a minute for every request that takes. */
const RESYNC_MS = 60_000

/** When a tenant was polled last, and when all that is watched must be looked over again, settled pins included. */
export class ResyncSchedule {
  /** On the clock; long ago at first, so that the first poll is due at once. */
  lastPollAt = Number.NEGATIVE_INFINITY
  dueAt = Number.POSITIVE_INFINITY
  /** Nothing may be asked before: after a failure. */
  notBefore = Number.NEGATIVE_INFINITY

  /** @param resyncRequests how many requests it took, when it was a resync */
  polled(now: number, resyncRequests: number | null): void {
    this.lastPollAt = now
    if (resyncRequests !== null || this.dueAt === Number.POSITIVE_INFINITY) {
      this.dueAt = now + RESYNC_MS * Math.max(1, resyncRequests ?? 1)
    }
  }
}
