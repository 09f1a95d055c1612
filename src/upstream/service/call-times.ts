import { isPoll, type RequestClass } from '../budget/request-class.ts'

/** The facts on which the times of a call depend. */
export interface TimedCall {
  readonly class: RequestClass
  readonly isRepeatable: boolean
}

/** Milliseconds on the service's clock. */
export interface CallTimes {
  /** Time at which the wait for the call began. */
  readonly askedAt: number
  /** Time by which the call ends, all of its tries included. */
  readonly deadline: number
  /** Time after which no try starts. */
  readonly lastStart: number
}

/** Time of a call that may be repeated, in times of one try: 25 s where a try may take 10 s. */
const REPEATABLE_FACTOR = 2.5
/** The part of a try's longest time that must be left when it starts: 3 s of 10 s. */
const SHORTEST_TRY_SHARE = 0.3
/** The part that waiting for budget must leave of the time of a call that may not be repeated. */
const ANSWER_SHARE = 0.2
/** The part of a try's longest time that a call waits for a service that is down: 4.5 s of 10 s. */
const GATE_SHARE = 0.45
/** The part of a try's longest time after which a call no longer waits for its trial: 5 s of 10 s. */
const TRIAL_SHARE = 0.5

/** @param timeoutMs longest time of one try */
export function callTimes(call: TimedCall, askedAt: number, timeoutMs: number): CallTimes {
  // Live status has retries of its own.
  if (!call.isRepeatable || isPoll(call.class)) {
    return { askedAt, deadline: askedAt + timeoutMs, lastStart: askedAt + longestOtherWaitMs(timeoutMs) }
  }
  const deadline = askedAt + timeoutMs * REPEATABLE_FACTOR
  return { askedAt, deadline, lastStart: deadline - timeoutMs * SHORTEST_TRY_SHARE }
}

/** Returns the milliseconds that an interactive read may wait for budget: as long as a try may still start. */
export function longestReadWaitMs(timeoutMs: number): number {
  return timeoutMs * (REPEATABLE_FACTOR - SHORTEST_TRY_SHARE)
}

/** Returns the milliseconds that any call but an interactive read may wait for budget before it is sent. */
export function longestOtherWaitMs(timeoutMs: number): number {
  return timeoutMs * (1 - ANSWER_SHARE)
}

/** Returns the milliseconds that a call waits for a service that is down. */
export function longestVisitMs(timeoutMs: number): number {
  return timeoutMs * GATE_SHARE
}

/** Returns the milliseconds after which a call no longer waits for its trial, as long as the service stays down. */
export function longestTrialMs(timeoutMs: number): number {
  return timeoutMs * TRIAL_SHARE
}
