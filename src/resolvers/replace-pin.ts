import { UnchangedPinError } from '../domain/change-errors.ts'
import { parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { formatPinId, parsePinId } from '../domain/pin-id.ts'
import type { PinChanges } from '../upstream/writes/replacement.ts'
import { change, tenantToChange } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { checkIdempotencyKey } from './idempotency-key.ts'
import { idempotencyKeyOf, type MadePin, madePinOf } from './made-pin.ts'
import { parseName, parseOrigins, parseStringMap } from './pin-input.ts'
import { settle } from './settle.ts'

/** A part of a pin that a replacement can empty. */
export type PinPart = Exclude<keyof PinChanges, 'cid'>

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
export interface ReplacementResult extends MadePin {
  /** Global id of the pin that is gone; null when it is still there, or kept its id. */
  readonly replacedId: string | null
}

/**
 * Puts another pin in the place of one, at most once per idempotency key. Parts that the input does not name stay as they
 * are.
 *
 * Usually one `POST /pins/{requestid}`, and one request before it to read the parts that stay.
 */
export async function replacePin(input: ReplacePinInput, context: GatewayContext): Promise<ReplacementResult> {
  const key = idempotencyKeyOf(input)
  const outcome = await settle(() => send(input, key, context))
  const made = madePinOf(outcome, key)
  // Where the service left a part as it was, the pin may be replaced all the same.
  const [successor] = made.error instanceof UnchangedPinError ? made.candidates : [made.pin]
  const isGone = successor != null && formatPinId(successor) !== input.id
  return { ...made, replacedId: isGone ? input.id : null }
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
 * Reads what is to change. Null means "as it was", as a field that is left out does: generated clients send null for
 * everything that is not set.
 *
 * @throws {BadRequestError} for a part that does not fit, or is empty, and for an input that names no part
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

/** Tells for each part what to send in place of an empty value. */
const IN_PLACE_OF_EMPTY = {
  cid: 'a CID, or null to keep the CID',
  name: 'a name, null to keep the name, or clear: [NAME] to remove it',
  meta: 'entries, null to keep them, or clear: [META] to remove them',
  origins: 'multiaddrs, null to keep them, or clear: [ORIGINS] to remove them',
} as const satisfies Record<keyof PinChanges, string>

/** An empty value may mean "empty it" or "not set": which one, the client has to say. */
function refuseEmpty(input: ReplacePinInput): void {
  for (const part of Object.keys(IN_PLACE_OF_EMPTY) as (keyof PinChanges)[]) {
    const value = input[part]
    const isEmpty = typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : value === ''
    if (isEmpty) throw BadRequestError.of(`input.${part}`, IN_PLACE_OF_EMPTY[part], value)
  }
}
