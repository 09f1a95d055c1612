import { PinqlError } from '../domain/errors.ts'
import { PIN_STATUSES, type PinStatus } from '../domain/pin.ts'
import { countPins } from '../upstream/reading/count-pins.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { settle } from './settle.ts'

/** Number of pins of a service by status; null where the service does not count, and everywhere beside an error. */
export interface PinCounts extends Readonly<Record<PinStatus, number | null>> {
  readonly error: PinqlError | null
}

const UNKNOWN: Readonly<Record<PinStatus, null>> = { queued: null, pinning: null, pinned: null, failed: null }

/** Counts a service's pins: four requests at the same time, of one pin each where the service's counts can be relied on. */
export async function pinCounts(service: string, context: GatewayContext): Promise<PinCounts> {
  const counts = await settle(() =>
    inTime(
      context.signal,
      () => unanswered(service),
      () => countEach(service, context),
    ),
  )
  return counts instanceof PinqlError ? { ...UNKNOWN, error: counts } : { ...counts, error: null }
}

async function countEach(service: string, context: GatewayContext): Promise<Record<PinStatus, number | null>> {
  const { signal } = context
  const pins = context.tenant(service)
  const counts = await Promise.all(
    PIN_STATUSES.map(async (status) => [status, await countPins(pins, { statuses: [status] }, { signal })] as const),
  )
  return { ...UNKNOWN, ...Object.fromEntries(counts) }
}
