import { type PinqlError, ServiceUnavailableError } from '../domain/errors.ts'
import type { StopSignal } from '../upstream/stop.ts'

/**
 * Asks for something, and makes the end of the request's time an expected error.
 *
 * The reason of an abort is no error of a service. Thrown from a field that is never null, it would take with it what the
 * operation found elsewhere, and what it has changed.
 *
 * @param late the error in place of an abort
 */
export async function inTime<Value>(
  signal: StopSignal,
  late: () => PinqlError,
  ask: () => Promise<Value>,
): Promise<Value> {
  try {
    return await ask()
  } catch (error) {
    throw signal.aborted && error === signal.reason ? late() : error
  }
}

/** The error of a service that was asked, or was about to be, when the time for the whole request was over. */
export function unanswered(service: string): ServiceUnavailableError {
  return new ServiceUnavailableError(`${service} did not answer before the time for the whole request was over`, {
    service,
  })
}
