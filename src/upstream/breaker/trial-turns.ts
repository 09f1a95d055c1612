import type { StopSignal } from '../waiting/stop.ts'

/** Maximum number of keys whose last turn is remembered. A forgotten key comes first, as one that had no turn yet. */
const MAX_KEYS = 10_000

/** The key of all accounts that are known to be broken. */
const BROKEN = 'broken accounts'

/** The keys by which a stay takes turns, the outermost first: its tenant's group, the tenant, the kind of its stay, and the caller. */
export type TurnKeys = readonly [group: string, tenantKey: string, kind: string, callerKey: string]

/** The parts of a stay on which its turns depend. */
interface TurnTaker {
  readonly tenantKey: string
  readonly kind: string
  readonly signal: StopSignal | undefined
}

/**
 * @param group key of the turn that the tenant shares with others, or its own
 * @param isBroken true if the tenant's account is known to be broken. All such accounts together have the turns of one.
 */
export function turnKeysOf({ tenantKey, kind, signal }: TurnTaker, group: string, isBroken: boolean): TurnKeys {
  const ofKind = `${tenantKey} ${kind}`
  return [isBroken ? BROKEN : `group of ${group}`, tenantKey, ofKind, `${ofKind} ${signal?.asker?.callerKey ?? ''}`]
}

/**
 * The turns in which calls become trials: first the tenant whose last turn is longest ago, inside the tenant the kind of stay,
 * and inside the kind the caller.
 *
 * The turns of callers that have left are remembered, unlike in a queue. A call waits for 4.5 s, and trials of a long outage are one second
 * apart. So a caller that came back to the end of a queue would have no turn while five others wait. A caller that was answered comes
 * first the next time, before callers whose trials fail again and again.
 */
export class TrialTurns {
  /** Number of each key's last turn, the earliest first. */
  readonly #last = new Map<string, number>()
  #turns = 0

  /** Records that a call has its turn. */
  had(keys: readonly string[]): void {
    this.#turns++
    for (const key of keys) {
      this.#last.delete(key)
      this.#last.set(key, this.#turns)
    }
    for (const key of this.#last.keys()) {
      if (this.#last.size <= MAX_KEYS) return
      this.#last.delete(key)
    }
  }

  /** Records that the trial of a call was answered. */
  answered(keys: readonly string[]): void {
    for (const key of keys) this.#last.delete(key)
  }

  /** Compares two calls, as `sort` does. 0: their keys are equal, or the outermost that differ have had no turn yet. */
  compare(keys: TurnKeys, others: TurnKeys): number {
    for (const [depth, key] of keys.entries()) {
      const other = others[depth] ?? ''
      if (key !== other) return this.#lastOf(key) - this.#lastOf(other)
    }
    return 0
  }

  #lastOf(key: string): number {
    return this.#last.get(key) ?? 0
  }
}
