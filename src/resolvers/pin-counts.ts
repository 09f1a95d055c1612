import { PIN_STATUSES, type PinStatus } from '../domain/pin.ts'
import type { Failure } from '../domain/unexpected-error.ts'
import type { GatewayContext } from './context.ts'
import { hasFailed, outcomeOf } from './outcome.ts'
import { withinDeadline } from './within-deadline.ts'

/** Number of pins of a service by status. A number is null where the service does not count, and all are beside an error. */
export interface PinCounts extends Readonly<Record<PinStatus, number | null>> {
  readonly error: Failure | null
}

const UNKNOWN: Readonly<Record<PinStatus, null>> = { queued: null, pinning: null, pinned: null, failed: null }

/**
 * Counts a service's pins by status.
 *
 * Sends four lists at the same time. Each asks for one pin only where the service's own counts are reliable.
 */
export async function pinCounts(serviceName: string, context: GatewayContext): Promise<PinCounts> {
  const counts = await outcomeOf(context, () =>
    withinDeadline(context.signal, serviceName, () => countEach(serviceName, context)),
  )
  return hasFailed(counts) ? { ...UNKNOWN, error: counts } : { ...counts, error: null }
}

async function countEach(serviceName: string, context: GatewayContext): Promise<Record<PinStatus, number | null>> {
  const { signal } = context
  const tenant = context.tenant(serviceName)
  const counts = await Promise.all(
    PIN_STATUSES.map(async (status) => [status, await tenant.countPins({ statuses: [status] }, { signal })] as const),
  )
  return { ...UNKNOWN, ...Object.fromEntries(counts) }
}
