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

/** Time of an operation without a time limit, in times of one try: 30 s where a try may take 10 s. */
const USUAL_TRIES = 3
/** The part of a try's longest time that a call leaves of its operation's time, for what follows: 5 s of 10 s. */
const REST_SHARE = 0.5
/** The part of an operation's time that its calls leave at most: a sixth. */
const LONGEST_REST_SHARE = 1 / 6
/** The part of a try's longest time that must be left when it starts: 3 s of 10 s. */
const SHORTEST_TRY_SHARE = 0.3
/** The part of an operation's time that must be left for a try when it starts, at most: a tenth. */
const LONGEST_TRY_SHARE = 0.1
/** The part that waiting for budget must leave of the time of a call that may not be repeated. */
const ANSWER_SHARE = 0.2
/** The part of a try's longest time that a call waits for a service that is down: 4.5 s of 10 s. */
const GATE_SHARE = 0.45
/** The part of a try's longest time after which a call no longer waits for its trial: 4.7 s of 10 s. So its client knows within 5 s. */
const TRIAL_SHARE = 0.47

/**
 * Returns the times of a call. One that may be repeated may take as long as its operation, less a reserve: 25 of 30 s, and 55 of
 * 60 s. So the operation has time left to report its failure.
 *
 * @param timeoutMs longest time of one try
 * @param endsAt clock time at which the operation ends. Default: three times `timeoutMs` from `askedAt`.
 */
export function callTimes(call: TimedCall, askedAt: number, timeoutMs: number, endsAt?: number): CallTimes {
  // Live status has retries of its own.
  if (!call.isRepeatable || isPoll(call.class)) {
    return { askedAt, deadline: askedAt + timeoutMs, lastStart: askedAt + longestOtherWaitMs(timeoutMs) }
  }
  const totalMs = endsAt === undefined ? timeoutMs * USUAL_TRIES : Math.max(0, endsAt - askedAt)
  const deadline = askedAt + totalMs - Math.min(timeoutMs * REST_SHARE, totalMs * LONGEST_REST_SHARE)
  const tryMs = Math.min(timeoutMs * SHORTEST_TRY_SHARE, totalMs * LONGEST_TRY_SHARE)
  return { askedAt, deadline, lastStart: deadline - tryMs }
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
