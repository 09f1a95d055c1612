import { PIN_STATUSES, type PinStatus } from '../domain/pin.ts'
import type { GatewayContext } from './context.ts'

/** How many pins a service has, by status; null where it does not say. */
export type PinCounts = Readonly<Record<PinStatus, number | null>>

/** Four requests of one pin each, at the same time. */
export async function pinCounts(service: string, context: GatewayContext): Promise<PinCounts> {
  const tenant = context.tenant(service)
  const counts = await Promise.all(
    PIN_STATUSES.map(async (status) => {
      const page = await tenant.listPins({ statuses: [status], limit: 1 }, { signal: context.signal })
      return [status, page.count] as const
    }),
  )
  return Object.fromEntries(counts) as PinCounts
}
