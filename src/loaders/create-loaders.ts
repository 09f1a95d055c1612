import DataLoader from 'dataloader'
import { parseCid } from '../domain/cid.ts'
import type { Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { StopSignal } from '../upstream/stop.ts'
import type { Tenant } from '../upstream/tenant/tenant.ts'

/** The pins of one CID at one service. */
export interface ContentRef {
  readonly service: string
  readonly cid: string
}

/** One GraphQL request's view of the services: what it asks for in the same tick leaves together, and only once. */
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
export function createLoaders(tenantOf: (service: string) => Tenant, signal: StopSignal): Loaders {
  const options = { signal }
  return {
    pins: new DataLoader((refs) => settleAll(refs, (ref) => tenantOf(ref.service).lookupPin(ref, options)), {
      cacheKeyFn: (ref) => `${ref.service}:${ref.cid}:${ref.requestId}`,
    }),
    contents: new DataLoader(
      (refs) => settleAll(refs, (ref) => tenantOf(ref.service).lookupContent(parseCid(ref.cid), options)),
      { cacheKeyFn: (ref) => `${ref.service}:${ref.cid}` },
    ),
  }
}

/** Starts every lookup before awaiting any, so that the tenant can put them together. */
function settleAll<Key, Value>(keys: readonly Key[], look: (key: Key) => Promise<Value>): Promise<(Value | Error)[]> {
  return Promise.all(keys.map(async (key) => look(key)).map((found) => found.catch(asError)))
}

/** An abort's reason may be anything; DataLoader takes errors only. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error })
}
