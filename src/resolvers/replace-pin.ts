import { UnchangedPinError } from '../domain/change-errors.ts'
import { parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { formatPinId, parsePinId } from '../domain/pin-id.ts'
import type { PinChanges } from '../upstream/writes/replacement.ts'
import { change, tenantToChange } from './change.ts'
import type { GatewayContext } from './context.ts'
import { checkIdempotencyKey, idempotencyKeyOf } from './idempotency-key.ts'
import { type NewPinResult, newPinResult } from './new-pin-result.ts'
import { outcomeOf } from './outcome.ts'
import { parseName, parseOrigins, parseStringMap } from './pin-input.ts'

/** A part of a pin that a replacement can empty. */
type PinPart = Exclude<keyof PinChanges, 'cid'>

export interface ReplacePinInput {
  readonly id: string
  readonly cid?: string | null | undefined
  readonly name?: string | null | undefined
  readonly origins?: readonly string[] | null | undefined
  readonly meta?: unknown
  readonly clear?: readonly PinPart[] | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/** Result of a replacement. */
export interface ReplacePinResult extends NewPinResult {
  /** Global id of the old pin if it is gone. Null when the change failed, or the pin kept its id. */
  readonly replacedId: string | null
}

/**
 * Puts a new pin in the place of an old one, at most once per idempotency key. Parts that the input leaves out stay as they are.
 *
 * Usually one `POST /pins/{requestid}`, and one request before it to read the parts that stay.
 */
export async function replacePin(input: ReplacePinInput, context: GatewayContext): Promise<ReplacePinResult> {
  const key = idempotencyKeyOf(input)
  const outcome = await outcomeOf(context, () => send(input, key, context))
  const result = newPinResult(outcome, key)
  // If the service left a part as it was, it may have replaced the pin all the same.
  const [successor] = result.error instanceof UnchangedPinError ? result.candidates : [result.pin]
  const isGone = successor != null && formatPinId(successor) !== input.id
  return { ...result, replacedId: isGone ? input.id : null }
}

async function send(input: ReplacePinInput, idempotencyKey: string, context: GatewayContext): Promise<Pin> {
  const ref = parsePinId(input.id, 'input.id')
  const changes = parseChanges(input)
  checkIdempotencyKey(idempotencyKey, 'input.idempotencyKey')
  const tenant = tenantToChange(ref.service, context)
  try {
    const { signal } = context
    return await change(context, ref, () => tenant.replacePin(ref, changes, idempotencyKey, { signal }))
  } catch (error) {
    throw error instanceof UnchangedPinError ? error.at('input') : error
  }
}

/**
 * Reads the parts to change. Null and a missing field both mean "as it was", since generated clients send null for every field
 * that is not set.
 *
 * @throws {BadRequestError} for a part that is malformed, too large or empty, and for an input that changes nothing
 */
function parseChanges(input: ReplacePinInput): PinChanges {
  const cleared = new Set(input.clear)
  refuseEmpty(input)
  for (const part of cleared) {
    if (input[part] == null) continue
    const name = part.toUpperCase()
    throw BadRequestError.of(`input.${part}`, `null, since clear has ${name}`, input[part])
  }
  const { cid, name, meta, origins } = input
  const changes = {
    cid: cid == null ? undefined : parseCid(cid, 'input.cid'),
    name: cleared.has('name') ? null : name == null ? undefined : parseName(name, 'input.name'),
    meta: cleared.has('meta') ? {} : meta == null ? undefined : parseStringMap(meta, 'input.meta'),
    origins: cleared.has('origins') ? [] : origins == null ? undefined : parseOrigins(origins, 'input.origins'),
  } satisfies Record<keyof PinChanges, unknown>
  if (Object.values(changes).every((part) => part === undefined)) {
    const expected = 'at least one of cid, name, meta, origins and clear; to pin the same content again, name its cid'
    throw BadRequestError.of('input', expected, { id: input.id })
  }
  return changes
}

/** Says for each part what to send in place of an empty value. */
const IN_PLACE_OF_EMPTY = {
  cid: 'a CID, or null to keep the CID',
  name: 'a name, null to keep the name, or clear: [NAME] to remove it',
  meta: 'entries, null to keep them, or clear: [META] to remove them',
  origins: 'multiaddrs, null to keep them, or clear: [ORIGINS] to remove them',
} as const satisfies Record<keyof PinChanges, string>

/** Refuses empty values. They may mean "empty this part" or "not set", and only the client knows which. */
function refuseEmpty(input: ReplacePinInput): void {
  for (const part of Object.keys(IN_PLACE_OF_EMPTY) as (keyof PinChanges)[]) {
    const value = input[part]
    const isEmpty = typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : value === ''
    if (isEmpty) throw BadRequestError.of(`input.${part}`, IN_PLACE_OF_EMPTY[part], value)
  }
}
