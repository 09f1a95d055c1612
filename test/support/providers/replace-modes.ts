import type { EmulatedPin, PinBody } from './emulated-pin.ts'
import { Refusal } from './refusal.ts'

/** Changes that a replacement may make to the account's pins. */
interface ReplaceActions {
  add(body: PinBody): EmulatedPin
  /** Takes the pin away. */
  remove(requestId: string): void
  /** Takes the pin out of lists, but leaves it readable by its id. */
  retire(requestId: string): void
  /** Changes the pin in place; its id and `created` stay. */
  update(requestId: string, body: PinBody): EmulatedPin
  /** A moment at which others may look: the `duringReplace` hook. */
  gap(): Promise<void>
}

/** Turns one pin into another, as the service does for `POST /pins/{requestid}` (#21). */
export type ReplaceMode = (old: EmulatedPin, body: PinBody, actions: ReplaceActions) => Promise<EmulatedPin>

/**
 * Adds the new pin, then removes the old id.
 *
 * Where the request id is the CID (ipfs-cluster) and the CID is the same, this removes what it just added.
 */
export const addThenRemove: ReplaceMode = async (old, body, actions) => {
  const added = actions.add(body)
  await actions.gap()
  actions.remove(old.requestId)
  return added
}

/** Functionland: for a moment there is neither pin. */
export const removeThenAdd: ReplaceMode = async (old, body, actions) => {
  actions.remove(old.requestId)
  await actions.gap()
  return actions.add(body)
}

/** #22, Estuary: the old id can still be read. */
export const addThenRetire: ReplaceMode = async (old, body, actions) => {
  const added = actions.add(body)
  await actions.gap()
  actions.retire(old.requestId)
  return added
}

/** The helia server: with the same CID, the pin keeps its id. */
export const sameCidKeepsId: ReplaceMode = async (old, body, actions) =>
  body.cid === old.cid ? actions.update(old.requestId, body) : addThenRemove(old, body, actions)

/** filecoin-pin: name and meta change, the CID does not, and the id stays. */
export const cidIgnored: ReplaceMode = async (old, body, actions) =>
  actions.update(old.requestId, { ...body, cid: old.cid })

/** web3.storage: the same CID is refused. */
export const sameCidRefused: ReplaceMode = async (old, body, actions) => {
  if (body.cid === old.cid) throw Refusal.badRequest('Existing and replacement CID are the same')
  return addThenRemove(old, body, actions)
}

/** Hypothetical: a name belongs to the content, and cannot be changed. */
export const ignoresName: ReplaceMode = async (old, body, actions) =>
  actions.update(old.requestId, { ...body, name: old.name })

/** Hypothetical: the entries of a pin cannot be changed. */
export const ignoresMeta: ReplaceMode = async (old, body, actions) =>
  actions.update(old.requestId, { ...body, meta: old.meta })

/** Hypothetical: one pin per CID, so that the pin that is there is the answer. */
export const ignoresAll: ReplaceMode = async (old) => old
