import { SlidingLog } from '../sliding-log.ts'
import type { Operation } from './operation.ts'

/** One limit that a service puts on its clients. */
export interface RateRule {
  readonly name: string
  /** Whose requests are counted together. */
  readonly scope: 'address' | 'token'
  /** The endpoints that are counted together. */
  readonly operations: readonly Operation[]
  /** Requests allowed in any window of `windowMs`. */
  readonly limit: number
  readonly windowMs: number
  /** The text of `Retry-After` for a request that would have to wait; null: no such header. */
  readonly retryAfter: (waitMs: number, nowMs: number) => string | null
}

export const retryAfterSeconds: RateRule['retryAfter'] = (waitMs) => String(Math.ceil(waitMs / 1000))
export const retryAfterDate: RateRule['retryAfter'] = (waitMs, nowMs) =>
  new Date(Math.ceil((nowMs + waitMs) / 1000) * 1000).toUTCString()
export const retryAfterAbsent: RateRule['retryAfter'] = () => null

/** The origin and the operation of a request. */
export interface RateSubject {
  readonly operation: Operation
  readonly address: string
  readonly token: string | null
}

/** Admits requests by exact sliding windows. Refused requests do not count. */
export class RateGate {
  readonly #rules: readonly RateRule[]
  readonly #logs = new Map<string, SlidingLog>()

  constructor(rules: readonly RateRule[]) {
    this.#rules = rules
  }

  /** Counts the request in all of its windows and returns null, or counts it in none and says which rule refuses. */
  admit(subject: RateSubject, nowMs: number): { rule: RateRule; waitMs: number } | null {
    const rules = this.#rules.filter((rule) => rule.operations.includes(subject.operation))
    for (const rule of rules) {
      const waitMs = this.log(rule, subject).waitMs(rule.limit, rule.windowMs, nowMs)
      if (waitMs > 0) return { rule, waitMs }
    }
    for (const rule of rules) this.log(rule, subject).record(nowMs)
    return null
  }

  /** The admitted requests of one rule and subject. */
  log(rule: RateRule, subject: RateSubject): SlidingLog {
    const key = JSON.stringify([rule.name, subject[rule.scope]])
    let log = this.#logs.get(key)
    if (!log) {
      log = new SlidingLog()
      this.#logs.set(key, log)
    }
    return log
  }
}
