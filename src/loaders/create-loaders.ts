import DataLoader from 'dataloader'
import type { Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import { lookupContents, lookupPins } from '../upstream/lookup.ts'
import type { Tenant } from '../upstream/tenant.ts'

/** The pins of one CID at one service. */
export interface ContentRef {
  readonly service: string
  readonly cid: string
}

/** One GraphQL request's view of the services: what is asked for in the same tick shares requests, and is asked for once. */
export interface Loaders {
  /** Rejects with `PinNotFoundError` when the service does not have the pin. */
  readonly pins: DataLoader<PinRef, Pin, string>
  /** All pins of a CID, newest first. */
  readonly contents: DataLoader<ContentRef, readonly Pin[], string>
}

/**
 * Loaders for one request. They must not outlive it, since they keep what they saw.
 *
 * @param tenantOf finds the caller's tenant at a service; what it throws becomes the error of that service's keys
 */
export function createLoaders(tenantOf: (service: string) => Tenant, signal: AbortSignal): Loaders {
  const options = { signal }
  return {
    pins: new DataLoader((refs) => perService(refs, (service, some) => lookupPins(tenantOf(service), some, options)), {
      cacheKeyFn: (ref) => `${ref.service}:${ref.cid}:${ref.requestId}`,
    }),
    contents: new DataLoader(
      (refs) => perService(refs, (service, some) => lookupContents(tenantOf(service), some, options)),
      { cacheKeyFn: (ref) => `${ref.service}:${ref.cid}` },
    ),
  }
}

/** Splits keys by service, loads each part, and puts the results back in the order of the keys. */
async function perService<Key extends { readonly service: string }, Value>(
  keys: readonly Key[],
  load: (service: string, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
): Promise<(Value | Error)[]> {
  const results = new Map<Key, Value | Error>()
  const services = [...new Set(keys.map((key) => key.service))]
  await Promise.all(
    services.map(async (service) => {
      const some = keys.filter((key) => key.service === service)
      const values = await Promise.resolve()
        .then(() => load(service, some))
        .catch((error: unknown) => some.map(() => error as Error))
      some.forEach((key, index) => {
        results.set(key, values[index] as Value | Error)
      })
    }),
  )
  return keys.map((key) => results.get(key) as Value | Error)
}
