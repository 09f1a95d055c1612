import { PinqlError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'

/**
 * The conclusion about a service from the end of a call.
 *
 * - `answer`: the service works for the token. A refusal is an answer, too.
 * - `failure`: the service answered that it failed. The account may have caused that.
 * - `outage`: the service cannot be reached.
 * - `nothing`: the call was aborted, or its token was refused.
 */
export type Verdict = 'answer' | 'failure' | 'outage' | 'nothing'

/** Statuses that show an outage of the service. Other failures may be caused by the account. */
const OUTAGE_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])

/** @param error null for a success */
export function verdictOf(error: unknown): Verdict {
  if (error === null) return 'answer'
  if (error instanceof ServiceUnavailableError) {
    return error instanceof FailedAnswerError && !OUTAGE_STATUSES.has(error.status) ? 'failure' : 'outage'
  }
  // Any caller can send a token that is refused, and a service may refuse tokens while nothing else works.
  if (error instanceof UnauthorizedError) return 'nothing'
  return error instanceof PinqlError ? 'answer' : 'nothing'
}
