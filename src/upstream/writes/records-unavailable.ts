import { ServiceUnavailableError } from '../../domain/errors.ts'

/**
 * The records of writes cannot be read or written now, for the reason in the message: another process holds the file, or the disk is
 * full. Nothing was recorded.
 */
export class RecordsUnavailableError extends Error {
  override readonly name = 'RecordsUnavailableError'
}

/** Makes the error for a change that was not sent, since it cannot be recorded. */
export function recordsFailed(serviceName: string, cause: RecordsUnavailableError): ServiceUnavailableError {
  const message = `${serviceName} was not asked for a change: the gateway cannot keep its records of changes (${cause.message})`
  return new ServiceUnavailableError(message, { service: serviceName, cause })
}
