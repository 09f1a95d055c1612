import { ServiceUnavailableError } from '../domain/errors.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { CallerTenant } from './caller-tenant.ts'
import type { GatewayContext } from './context.ts'

/**
 * Returns the caller's tenant at a service, for a change that is sent now.
 *
 * A client that leaves does not stop a change that was sent, since its outcome would be unknown then. After the client has left or
 * the request's deadline has passed, no change is sent.
 *
 * @throws {ServiceUnavailableError} when it is too late to send a change
 * @throws what `context.tenant` throws
 */
export function tenantToChange(serviceName: string, context: GatewayContext): CallerTenant {
  const tenant = context.tenant(serviceName)
  if (context.signal.aborted) throw tooLate(serviceName)
  return tenant
}

/**
 * Makes a change, and has later fields of the request read again what the change may have changed.
 *
 * They read again after a failure too, since the service may have made the change all the same.
 *
 * @param ref the pin that is changed; null for a new one
 */
export async function change<Value>(
  context: GatewayContext,
  ref: PinRef | null,
  make: () => Promise<Value>,
): Promise<Value> {
  try {
    return await make()
  } finally {
    context.forgetLookups(ref)
  }
}

/** Makes the failure of a change that was never sent. */
export function tooLate(serviceName: string): ServiceUnavailableError {
  return new ServiceUnavailableError(`${serviceName} was not asked: the time for the whole request was over before`, {
    service: serviceName,
  })
}
