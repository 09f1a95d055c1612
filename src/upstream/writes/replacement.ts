import { type Cid, isSameCid, parseCid } from '../../domain/cid.ts'
import { givenNameOf } from '../../domain/given-name.ts'
import type { NewPin, Pin, StringMap } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import type { Capabilities } from '../capabilities.ts'
import type { ReplacedPin, Write } from './write-records.ts'

/** The parts of a pin that a replacement sets. A part that is undefined stays as it is. */
export interface PinChanges {
  readonly cid?: Cid | undefined
  /** Null: the new pin has no name. */
  readonly name?: string | null | undefined
  readonly origins?: readonly string[] | undefined
  readonly meta?: StringMap | undefined
}

/**
 * The write of a replacement, with the parts of the old pin that stay.
 *
 * One `getPin` where name, origins or `meta` stay as they are; none where all three are set.
 *
 * @throws what `getPin` throws, such as `PinNotFoundError`
 */
export async function writeOf(
  ref: PinRef,
  changes: PinChanges,
  getPin: (requestId: string) => Promise<Pin>,
): Promise<Write> {
  const { requestId } = ref
  const { name, origins, meta } = changes
  if (name !== undefined && origins !== undefined && meta !== undefined) {
    const pin: NewPin = { cid: changes.cid ?? parseCid(ref.cid), name, origins, meta }
    return { pin, replaces: { requestId, cid: ref.cid } }
  }
  const old = await getPin(requestId)
  const was = { name: givenNameOf(old), meta: old.meta }
  return {
    pin: {
      cid: changes.cid ?? old.cid,
      name: name === undefined ? was.name : name,
      origins: origins ?? old.origins,
      meta: meta ?? old.meta,
    },
    replaces: { requestId, cid: old.cid.text, was },
  }
}

/** The request id for `POST /pins/{requestid}`; null where a replacement is an add, as an add is. */
export function nativeTargetOf({ pin, replaces }: Write, { replace }: Pick<Capabilities, 'replace'>): string | null {
  if (!replaces || replace === 'add-then-remove') return null
  // A service whose request ids are CIDs would remove what it has just added.
  const isSamePin = isCidOf(replaces.requestId, pin) || (replace !== 'native' && isCidOf(replaces.cid, pin))
  return isSamePin ? null : replaces.requestId
}

function isCidOf(text: string, { cid }: NewPin): boolean {
  try {
    return isSameCid(parseCid(text), cid)
  } catch {
    return false
  }
}

/** A part of a replacement that had no effect. */
interface IgnoredPart {
  /** Path of the argument. */
  readonly part: string
  readonly wanted: unknown
  readonly found: unknown
}

/**
 * The part of a replacement that an answer shows to have had no effect; null for none.
 *
 * Services that keep one pin for each CID answer with the pin that is there: the one to replace, or another one. Where the
 * pin to replace was not read, its name is not known: then a pin with its request id must have the name that was asked for.
 * `meta` of a service that drops all `meta` shows nothing.
 *
 * @param wanted the pin that was sent
 * @param found the pin that was answered, or found later
 */
export function ignoredPart(
  wanted: NewPin,
  { requestId, was }: ReplacedPin,
  found: Pin,
  keepsMeta: boolean | null,
): IgnoredPart | null {
  const isOthers = found.requestId !== requestId && found.operationId !== wanted.operationId
  const [name, foundName] = [givenNameOf(wanted), givenNameOf(found)]
  const isOldName = was ? foundName === was.name : found.requestId === requestId
  if (name !== foundName && (isOldName || isOthers)) return { part: 'input.name', wanted: name, found: foundName }
  const isMetaKept = keepsMeta === true || Object.keys(was?.meta ?? {}).length > 0
  const isOldMeta = was !== undefined && isEqual(found.meta, was.meta)
  // An answer without any may just not repeat what the service keeps.
  const isOthersMeta = isOthers && Object.keys(found.meta).length > 0
  if (isMetaKept && !isEqual(wanted.meta, found.meta) && (isOldMeta || isOthersMeta)) {
    return { part: 'input.meta', wanted: wanted.meta, found: found.meta }
  }
  const isOfAnotherWrite = isOthers && found.operationId !== undefined
  return isOfAnotherWrite ? { part: 'input.cid', wanted: 'a new pin', found: found.requestId } : null
}

function isEqual(a: StringMap, b: StringMap): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
