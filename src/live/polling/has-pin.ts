import { PinNotFoundError } from '../../domain/errors.ts'
import type { TenantCallOptions } from '../../upstream/service/tenant-call-options.ts'
import type { LiveTenant } from '../live-tenant.ts'

/** Returns true when the service has a pin of a request id: one `GET /pins/{requestid}`. */
export async function hasPin(tenant: LiveTenant, requestId: string, options: TenantCallOptions): Promise<boolean> {
  try {
    await tenant.getPin(requestId, options)
    return true
  } catch (error) {
    if (error instanceof PinNotFoundError) return false
    throw error
  }
}
