import { ServiceUnavailableError } from '../../domain/errors.ts'

/**
 * Creates the error of a call that is not sent, or waits no longer, since the service is down.
 *
 * @param options.retryAfterMs milliseconds until the next request to the service may be sent
 * @param options.cause the failure that showed that the service is down
 */
export function downError(
  serviceName: string,
  options: { readonly retryAfterMs: number; readonly cause: ServiceUnavailableError | null },
): ServiceUnavailableError {
  const message = `${serviceName} is down and is left alone for a moment`
  return new ServiceUnavailableError(message, { service: serviceName, ...options })
}
