import { PinqlError } from '../domain/errors.ts'
import { type Failure, UnexpectedError } from '../domain/unexpected-error.ts'
import type { GatewayContext } from './context.ts'

/** The result of an attempt: a value, or the failure in place of it. */
export type Outcome<Value> = Value | Failure

/** The part of the context that makes failures of errors. */
export type FailureMaker = Pick<GatewayContext, 'signal' | 'unexpected'>

/**
 * Makes an attempt, and returns its failure as a value. A bug is logged and masked, so that it takes nothing from other attempts.
 *
 * @throws the reason of the request's signal, once that is aborted
 */
export async function outcomeOf<Value>(
  context: FailureMaker,
  attempt: () => Value | Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    return await attempt()
  } catch (error) {
    return failureOf(error, context)
  }
}

/**
 * Makes of whatever was thrown the failure of one element. A bug is logged and masked.
 *
 * @throws the error itself if it is the reason for which the request was aborted. That is no failure of an element.
 */
export function failureOf(error: unknown, context: FailureMaker): Failure {
  if (error instanceof PinqlError) return error
  if (context.signal.aborted && error === context.signal.reason) throw error
  return context.unexpected(error)
}

export function hasFailed<Value>(outcome: Outcome<Value>): outcome is Extract<Outcome<Value>, Failure> {
  return outcome instanceof PinqlError || outcome instanceof UnexpectedError
}
