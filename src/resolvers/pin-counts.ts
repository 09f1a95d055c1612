import { PIN_STATUSES, type PinStatus } from '../domain/pin.ts'
import { countPins } from '../upstream/count-pins.ts'
import type { GatewayContext } from './context.ts'

/** How many pins a service has, by status; null where it does not say. */
export type PinCounts = Readonly<Record<PinStatus, number | null>>

/** Four requests at the same time: of one pin each where the service's counts can be relied on. */
export async function pinCounts(service: string, context: GatewayContext): Promise<PinCounts> {
  const tenant = context.tenant(service)
  const counts = await Promise.all(
    PIN_STATUSES.map(async (status) => {
      const count = await countPins(tenant, { statuses: [status] }, { signal: context.signal })
      return [status, count] as const
    }),
  )
  return Object.fromEntries(counts) as PinCounts
}
