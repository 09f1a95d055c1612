import DataLoader from 'dataloader'
import type { Cid } from '../domain/cid.ts'
import type { Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { StopSignal } from '../upstream/waiting/stop.ts'

/** Names the pins of one CID at one service. */
interface ContentRef {
  /** Configured name. */
  readonly service: string
  readonly cid: Cid
}

/** One GraphQL request's view of the services: lookups of the same turn of the event loop leave together, and each is sent only once. */
export interface Loaders {
  /** Rejects with `PinNotFoundError` when the service does not have the pin. */
  readonly pins: DataLoader<PinRef, Pin, string>
  /** All pins of a CID, newest first. */
  readonly contents: DataLoader<ContentRef, readonly Pin[], string>
}

/** The lookups of one caller at one service. A tenant has them. */
export interface Lookups {
  lookupPin(ref: PinRef, options: { readonly signal: StopSignal }): Promise<Pin>
  lookupContent(cid: Cid, options: { readonly signal: StopSignal }): Promise<readonly Pin[]>
}

/**
 * Creates the loaders of one request. They keep what they have read, so they must not outlive the request.
 *
 * @param lookupsAt finds the caller's lookups at a service. An error that it throws becomes the error of that service's keys
 */
export function createLoaders(lookupsAt: (serviceName: string) => Lookups, signal: StopSignal): Loaders {
  const options = { signal }
  return {
    pins: new DataLoader((refs) => lookUpAll(refs, (ref) => lookupsAt(ref.service).lookupPin(ref, options)), {
      cacheKeyFn: (ref) => `${ref.service}:${ref.cid}:${ref.requestId}`,
    }),
    contents: new DataLoader(
      (refs) => lookUpAll(refs, (ref) => lookupsAt(ref.service).lookupContent(ref.cid, options)),
      { cacheKeyFn: (ref) => `${ref.service}:${ref.cid.text}` },
    ),
  }
}

/** Starts every lookup before it awaits any, so that a tenant can put them into one request. */
function lookUpAll<Key, Value>(keys: readonly Key[], look: (key: Key) => Promise<Value>): Promise<(Value | Error)[]> {
  return Promise.all(keys.map(async (key) => look(key)).map((found) => found.catch(asError)))
}

/** Makes an error of anything: an abort may have any reason, and DataLoader takes errors only. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error })
}
