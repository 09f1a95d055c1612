import type { Clock } from '../waiting/clock.ts'
import type { Verdict } from './verdict.ts'

/** Number of tenants whose answers are remembered at least. Twice as many are at most. */
const FEWEST_TENANTS = 10_000
/** An answer older than this proves nothing. It is longer than any call takes. */
const FORGET_MS = 60_000
const NEVER = Number.NEGATIVE_INFINITY

/** The last answer to one tenant. */
interface LastAnswer {
  /** Number of calls of all tenants that had begun when it came. */
  begun: number
  /** Clock time of the last answer that was no refusal of the token; {@link NEVER} if a call has failed since. */
  goodAt: number
}

/** The conclusions from the end of a call: in all, for the tenant's own breaker, and for the breaker of all tenants. */
type Verdicts = Readonly<Record<'verdict' | 'forOwn' | 'forAll', Verdict>>

/**
 * Remembers when a service last answered each of its tenants. It is all that is noted of a call while nothing is wrong.
 *
 * Nothing is moved when a tenant is answered again, since a `Map` from which entries are removed all the time is slow to iterate. All
 * answers of the last minute, and some older ones, are in two maps. The older map is dropped as a whole.
 *
 * The failure of a call that began before the last answer is stale: it shows how things were before.
 */
export class LastAnswers {
  readonly #clock: Clock
  /** Number of calls that have begun. */
  #begun = 0
  /** The same, when the last answer came that shows of the service that it is up. */
  #begunAtAnswer = 0
  /** By tenant: the answers since {@link #renewedAt}. */
  #answers = new Map<string, LastAnswer>()
  /** By tenant: the answers from before. Some have come again since, and are in both maps. */
  #earlier: ReadonlyMap<string, LastAnswer> = new Map()
  #renewedAt = Number.NEGATIVE_INFINITY

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
    this.#note(tenantKey, now).goodAt = now
  }

  /** Records how a call ended. */
  note(tenantKey: string, { verdict, forOwn, forAll }: Verdicts): void {
    if (verdict === 'answer') {
      this.answered(tenantKey)
      return
    }
    const last = this.#lastTo(tenantKey)
    if (verdict !== 'nothing' && last) last.goodAt = NEVER
    if (forOwn === 'answer') this.#note(tenantKey, this.#clock.now())
    if (forAll === 'answer') this.#begunAtAnswer = this.#begun
  }

  /** Returns whether a call began before the last answer to its tenant. */
  isStaleFor(tenantKey: string, call: number): boolean {
    return call <= (this.#lastTo(tenantKey)?.begun ?? 0)
  }

  /** Returns whether a call began before the last answer to anybody. */
  isStaleForAll(call: number): boolean {
    return call <= this.#begunAtAnswer
  }

  /** Returns whether the last call of any tenant but some was answered within the last minute. */
  isAnyRecentBut(tenants: { has(tenantKey: string): boolean }): boolean {
    const since = this.#clock.now() - FORGET_MS
    for (const answers of [this.#answers, this.#earlier])
      for (const [tenantKey, { goodAt }] of answers) if (goodAt >= since && !tenants.has(tenantKey)) return true
    return false
  }

  #lastTo(tenantKey: string): LastAnswer | undefined {
    return this.#answers.get(tenantKey) ?? this.#earlier.get(tenantKey)
  }

  #note(tenantKey: string, now: number): LastAnswer {
    if (now - this.#renewedAt > FORGET_MS) this.#renew(now)
    let last = this.#answers.get(tenantKey)
    if (!last) {
      last = this.#earlier.get(tenantKey) ?? { begun: 0, goodAt: NEVER }
      if (this.#answers.size >= FEWEST_TENANTS) this.#renew(now)
      this.#answers.set(tenantKey, last)
    }
    last.begun = this.#begun
    return last
  }

  #renew(now: number): void {
    this.#earlier = this.#answers
    this.#answers = new Map()
    this.#renewedAt = now
  }
}
