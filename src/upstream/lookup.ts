import { parseCid } from '../domain/cid.ts'
import { PinNotFoundError } from '../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import { chunkCids } from './list-query.ts'
import { collectPins } from './pin-stream.ts'
import type { Tenant, TenantCallOptions } from './tenant.ts'

/**
 * Looks up pins by their global ids.
 *
 * A lone pin costs one `GET /pins/{requestid}`; several cost one `GET /pins?cid=…` for every ten CIDs.
 *
 * @param refs pins of this tenant's service
 * @returns for each ref, in order: the pin, or the error of its lookup. `PinNotFoundError` when the service does not have it
 */
export async function lookupPins(
  tenant: Tenant,
  refs: readonly PinRef[],
  options: TenantCallOptions,
): Promise<(Pin | Error)[]> {
  const [only] = refs
  if (only && refs.every((ref) => ref.requestId === only.requestId)) {
    const pin = await tenant.getPin(only.requestId, options).catch(asError)
    return refs.map(() => pin)
  }
  const lists = await lookupContents(tenant, refs, options)
  return refs.map((ref, index) => {
    const list = lists[index] ?? []
    if (list instanceof Error) return list
    return list.find((pin) => pin.requestId === ref.requestId) ?? new PinNotFoundError(tenant.service, ref.requestId)
  })
}

/**
 * Looks up all pins of CIDs, in any status: one `GET /pins?cid=…` for every ten different CIDs.
 *
 * @returns for each CID, in order: its pins newest first, or the error of its lookup
 */
export async function lookupContents(
  tenant: Tenant,
  contents: readonly { readonly cid: string }[],
  options: TenantCallOptions,
): Promise<(readonly Pin[] | Error)[]> {
  const cids = contents.map((content) => parseCid(content.cid))
  const found = new Map<string, readonly Pin[] | Error>()
  await Promise.all(
    chunkCids(cids).map(async (chunk) => {
      const pins = await collectPins(tenant, { cids: chunk, statuses: PIN_STATUSES }, options).catch(asError)
      for (const cid of chunk) {
        found.set(cid.key, pins instanceof Error ? pins : pins.filter((pin) => pin.cid.key === cid.key))
      }
    }),
  )
  return cids.map((cid) => found.get(cid.key) ?? [])
}

/** Keeps one chunk's failure from failing the others; an abort's reason may be anything. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error })
}
