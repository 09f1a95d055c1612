import type { Clock } from '../waiting/clock.ts'
import type { Verdict } from './verdict.ts'

const MAX_TENANTS = 10_000
/** An answer older than this proves nothing. It is longer than any call takes. */
const FORGET_MS = 60_000
const NEVER = Number.NEGATIVE_INFINITY

/** The last answer to one tenant. */
interface LastAnswer {
  /** Number of calls of all tenants that had begun when it came. */
  readonly begun: number
  /** Clock time at which it came. */
  readonly at: number
  /** Clock time of the last answer that was no refusal of the token; {@link NEVER} if a call has failed since. */
  goodAt: number
}

/** What the end of a call shows: in all, to the tenant's own breaker, and to the breaker of all tenants. */
type Verdicts = Readonly<Record<'verdict' | 'forOwn' | 'forAll', Verdict>>

/**
 * When a service answered its tenants last. It is all that is noted of a call while nothing is wrong.
 *
 * The failure of a call that began before the last answer is stale: it shows how things were before.
 */
export class LastAnswers {
  readonly #clock: Clock
  /** Number of calls that have begun. */
  #begun = 0
  /** The same, when the last answer came that shows of the service that it is up. */
  #begunAtAnswer = 0
  /** By tenant, the oldest first. */
  readonly #toTenants = new Map<string, LastAnswer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a call that is sent. Returns its number. */
  begin(): number {
    return ++this.#begun
  }

  /** Records that the service works for a tenant, and so for all. */
  answered(tenantKey: string): void {
    this.#begunAtAnswer = this.#begun
    const now = this.#clock.now()
    this.#note(tenantKey, now, now)
  }

  /** Records how a call ended. */
  note(tenantKey: string, { verdict, forOwn, forAll }: Verdicts): void {
    if (verdict === 'answer') {
      this.answered(tenantKey)
      return
    }
    const last = this.#toTenants.get(tenantKey)
    if (verdict !== 'nothing' && last) last.goodAt = NEVER
    if (forOwn === 'answer') this.#note(tenantKey, this.#clock.now(), last?.goodAt ?? NEVER)
    if (forAll === 'answer') this.#begunAtAnswer = this.#begun
  }

  /** Returns whether a call began before the last answer to its tenant. */
  isStaleFor(tenantKey: string, call: number): boolean {
    return call <= (this.#toTenants.get(tenantKey)?.begun ?? 0)
  }

  /** Returns whether a call began before the last answer to anybody. */
  isStaleForAll(call: number): boolean {
    return call <= this.#begunAtAnswer
  }

  /** Returns whether the last call of any tenant but some was answered within the last minute. */
  isAnyRecentBut(tenants: { has(tenantKey: string): boolean }): boolean {
    const since = this.#clock.now() - FORGET_MS
    for (const [tenantKey, { goodAt }] of this.#toTenants) {
      if (goodAt >= since && !tenants.has(tenantKey)) return true
    }
    return false
  }

  #note(tenantKey: string, now: number, goodAt: number): void {
    this.#toTenants.delete(tenantKey)
    this.#toTenants.set(tenantKey, { begun: this.#begun, at: now, goodAt })
    for (const [oldest, { at }] of this.#toTenants) {
      if (at >= now - FORGET_MS && this.#toTenants.size <= MAX_TENANTS) return
      this.#toTenants.delete(oldest)
    }
  }
}
