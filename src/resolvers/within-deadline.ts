import { ServiceUnavailableError } from '../domain/errors.ts'
import type { StopSignal } from '../upstream/waiting/stop.ts'

/**
 * Waits for a service, and throws an expected failure when the deadline of the whole request has passed.
 *
 * The reason of an abort is not an error of a service. If a field that must not be null threw it, the answer would lose what the
 * operation found elsewhere, and what it has changed.
 *
 * @param signal of the request
 * @param ask rejects with the reason of `signal` when that is aborted
 * @param late makes the failure. Default: {@link unanswered}
 */
export async function withinDeadline<Value>(
  signal: StopSignal,
  serviceName: string,
  ask: () => Promise<Value>,
  late: (serviceName: string) => ServiceUnavailableError = unanswered,
): Promise<Value> {
  try {
    return await ask()
  } catch (error) {
    throw signal.aborted && error === signal.reason ? late(serviceName) : error
  }
}

function unanswered(serviceName: string): ServiceUnavailableError {
  return new ServiceUnavailableError(`${serviceName} did not answer before the time for the whole request was over`, {
    service: serviceName,
  })
}
