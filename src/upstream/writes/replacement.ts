import type { IgnoredPart } from '../../domain/change-errors.ts'
import { isSameCid, parseCid } from '../../domain/cid.ts'
import { givenNameOf } from '../../domain/given-name.ts'
import type { NewPin, Pin, StringMap } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { earliestCreatedNs } from './earliest-created.ts'
import type { ReplacedPin, Write } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** Parts of a pin that a replacement sets. An undefined part stays unchanged; a name of null is no name. */
export type PinChanges = {
  readonly [Part in Exclude<keyof NewPin, 'writeId'>]?: NewPin[Part] | undefined
}

/**
 * Creates the write of a replacement, including the unchanged parts of the old pin.
 *
 * It reads the old pin once if name, origins or `meta` stay unchanged. It also reads the old pin if pinql adds and then
 * removes, since the service then does not check that the old pin exists.
 *
 * @param requests read the old pin
 * @throws whatever `getPin` throws, such as `PinNotFoundError`
 */
export async function writeOf(
  ref: PinRef,
  changes: PinChanges,
  requests: Pick<WriteRequests, 'capabilities' | 'getPin'>,
): Promise<Write> {
  const { requestId } = ref
  const { name, origins, meta } = changes
  if (name !== undefined && origins !== undefined && meta !== undefined) {
    const pin: NewPin = { cid: changes.cid ?? parseCid(ref.cid), name, origins, meta }
    const write = { pin, replaces: { requestId, cid: ref.cid } }
    if (nativeTargetOf(write, requests.capabilities) !== null) return write
  }
  const old = await requests.getPin(requestId)
  const was = { name: givenNameOf(old), meta: old.meta, writeId: old.writeId }
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

/**
 * Returns the request id for `POST /pins/{requestid}`. Null for an add, and for a replacement that pinql makes with an add
 * and a removal.
 */
export function nativeTargetOf({ pin, replaces }: Write, { replace }: Pick<Capabilities, 'replace'>): string | null {
  if (!replaces || replace === 'add-then-remove') return null
  // A service whose request ids are CIDs would remove the pin that it has just added.
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

/** The known facts about a replacement, other than its pins. */
export interface ReplacementState {
  /** True if the service keeps `meta`; null when that is not known. */
  readonly keepsMeta: boolean | null
  /** Request ids of the pins of this CID that existed before; null when they were not listed. */
  readonly before: readonly string[] | null
  /** Start of the write in Unix milliseconds. */
  readonly startedAt: number
}

/**
 * Returns the part of a replacement that had no effect, as an answer shows; null for none.
 *
 * Services with one pin per CID may return an existing pin: the old one or another one. If pinql did not read the old pin,
 * the answer is compared with the wanted parts. An answer with the old request id must have exactly the wanted name and
 * `meta`. Any other answer may have parts that a service can derive from the wanted ones, such as a shortened name. At a
 * service that drops `meta`, missing `meta` proves nothing.
 *
 * @param wanted the pin that was sent
 * @param found the pin in the answer, or a pin that was found later
 */
export function ignoredPart(
  wanted: NewPin,
  { requestId, was }: ReplacedPin,
  found: Pin,
  state: ReplacementState,
): IgnoredPart | null {
  const isOld = found.requestId === requestId
  const isOthers = !isOld && wasThere(found, wanted, was, state)
  const [name, foundName] = [givenNameOf(wanted), givenNameOf(found)]
  const isOldName = was ? foundName === was.name : isOld || !isDerived(foundName, name)
  if (name !== foundName && (isOldName || isOthers)) return { part: 'name', wanted: name, found: foundName, isOthers }
  const isMetaKept = state.keepsMeta === true || Object.keys(was?.meta ?? {}).length > 0
  // Some services keep `meta` but leave it out of the answer.
  const hasMeta = Object.keys(found.meta).length > 0
  const isOldMeta = was ? isEqual(found.meta, was.meta) : hasMeta && (isOld || !hasAny(found.meta, wanted.meta))
  if (isMetaKept && !isEqual(wanted.meta, found.meta) && (isOldMeta || (isOthers && hasMeta))) {
    return { part: 'meta', wanted: wanted.meta, found: found.meta, isOthers }
  }
  const isOfAnotherWrite = isOthers && found.writeId !== undefined
  return isOfAnotherWrite ? { part: 'cid', wanted: wanted.cid.text, found: found.requestId, isOthers } : null
}

/** Returns whether the service had a pin before the write, as far as that can be known. */
function wasThere(found: Pin, wanted: NewPin, was: ReplacedPin['was'], state: ReplacementState): boolean {
  const { keepsMeta, before, startedAt } = state
  if (before) return before.includes(found.requestId)
  // A service that replaces a pin but keeps its `meta` also keeps the old write's id in it.
  if (found.writeId !== undefined) return ![wanted.writeId, was?.writeId].includes(found.writeId)
  if (keepsMeta === true && !(was && isEqual(found.meta, was.meta))) return true
  // The service may drop `meta`, or keep the old `meta`. Then a different name or an older time shows that it is another
  // pin.
  const isOlder = found.created.ns < earliestCreatedNs(startedAt)
  return isOlder || !isDerived(givenNameOf(found), givenNameOf(wanted))
}

/**
 * Returns whether a service may have derived a name from another one: shortened it, changed its case, or dropped
 * characters.
 */
function isDerived(found: string | null, wanted: string | null): boolean {
  const [made, given] = [found, wanted].map((name) =>
    (name ?? '')
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, ''),
  )
  return found === null ? wanted === null : made !== '' && given?.startsWith(made ?? '') === true
}

function hasAny(found: StringMap, wanted: StringMap): boolean {
  return Object.keys(wanted).some((key) => found[key] === wanted[key])
}

function isEqual(a: StringMap, b: StringMap): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
