import { PinNotFoundError } from '../../domain/errors.ts'
import type { TenantCallOptions } from '../../upstream/tenant/tenant.ts'
import type { LiveTenant } from '../live-tenant.ts'

/** Whether the service has a pin of that request id. */
export async function hasPin(tenant: LiveTenant, requestId: string, options: TenantCallOptions): Promise<boolean> {
  try {
    await tenant.getPin(requestId, options)
    return true
  } catch (error) {
    if (error instanceof PinNotFoundError) return false
    throw error
  }
}
