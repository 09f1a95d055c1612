import { LRUCache } from 'lru-cache'
import type { Clock } from '../waiting/clock.ts'
import type { Verdict } from './verdict.ts'

/** Tenants whose last answers are kept. */
const MAX_TENANTS = 10_000
/** An answer older than this proves nothing. */
const RECENT_MS = 60_000
const NEVER = Number.NEGATIVE_INFINITY

/** The last answer to one tenant. */
interface LastAnswer {
  /** Number of calls of all tenants that had begun when it came. */
  begun: number
  /** Clock time of the last answer that was no refusal of the token; {@link NEVER} if a call has failed since. */
  at: number
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
  readonly #toTenants = new LRUCache<string, LastAnswer>({ max: MAX_TENANTS })

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
    this.#note(tenantKey, this.#clock.now())
  }

  /** Records how a call ended. */
  note(tenantKey: string, { verdict, forOwn, forAll }: Verdicts): void {
    if (verdict === 'answer') {
      this.answered(tenantKey)
      return
    }
    const last = this.#toTenants.peek(tenantKey)
    if (verdict !== 'nothing' && last) last.at = NEVER
    if (forOwn === 'answer') this.#note(tenantKey, last?.at ?? NEVER)
    if (forAll === 'answer') this.#begunAtAnswer = this.#begun
  }

  /** Returns whether a call began before the last answer to its tenant. */
  isStaleFor(tenantKey: string, call: number): boolean {
    return call <= (this.#toTenants.peek(tenantKey)?.begun ?? 0)
  }

  /** Returns whether a call began before the last answer to anybody. */
  isStaleForAll(call: number): boolean {
    return call <= this.#begunAtAnswer
  }

  /** Returns whether the last call of any tenant but some was answered within the last minute. */
  isAnyRecentBut(tenants: { has(tenantKey: string): boolean }): boolean {
    const since = this.#clock.now() - RECENT_MS
    for (const [tenantKey, { at }] of this.#toTenants.entries()) if (at >= since && !tenants.has(tenantKey)) return true
    return false
  }

  #note(tenantKey: string, at: number): void {
    const last = this.#toTenants.get(tenantKey)
    if (last) {
      last.begun = this.#begun
      last.at = at
    } else this.#toTenants.set(tenantKey, { begun: this.#begun, at })
  }
}
