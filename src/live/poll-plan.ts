import type { Cid } from '../domain/cid.ts'
import { parseInstant } from '../domain/instant.ts'
import type { Pin } from '../domain/pin.ts'
import type { Capabilities } from '../upstream/capabilities.ts'

/** What to ask in one cycle. */
export interface PollPlan {
  /** A lone pin: one `GET /pins/{requestid}`. */
  readonly item: string | null
  /** These CIDs: one list for every ten. */
  readonly cids: readonly Cid[]
  /** Everything created after this instant, in nanoseconds: one list for every 1,000. Null for none. */
  readonly windowFrom: bigint | null
  /** Everything that is under way, whenever it was created: one list for every 1,000. */
  readonly pending: boolean
}

export interface PollNeeds {
  /** Pins under way that somebody watches. */
  readonly pending: readonly Pin[]
  /** Whether pins that come from elsewhere must be seen too. */
  readonly wantsNew: boolean
  /** When the newest known pin was created, in nanoseconds; null when none is known. */
  readonly newest: bigint | null
  /** How many known pins were created after an instant. */
  readonly countAfter: (ns: bigint) => number
}

/** Two pins of one moment may show up in either order, and some services count in whole seconds. */
const OVERLAP_NS = 2_000_000_000n
const PAGE = 1000

/**
 * Chooses the cheapest requests that show every change of what is watched.
 *
 * - A lone pin is asked for by itself: services count that more generously than lists.
 * - Up to ten CIDs are one list.
 * - More are cheapest as everything since the oldest of them: that shows their outcomes and new pins alike.
 * - Where one that is stuck since long ago would make that window span more than one list, what is under way is asked
 *   for by status, new pins by a window from the newest known one, and what vanished from the first by CID afterwards.
 */
export function planPoll(needs: PollNeeds, { maxCids, order, timeFilter, cidFilter }: Capabilities): PollPlan {
  const { pending, wantsNew, newest, countAfter } = needs
  const nothing: PollPlan = { item: null, cids: [], windowFrom: null, pending: false }
  const cids = new Map(pending.map(({ cid }) => [cid.key, cid]))
  const canWindow = (order === 'newest-first' || order === null) && timeFilter !== 'unusable'
  if (!wantsNew) {
    const [only] = pending
    if (!only) return nothing
    if (pending.length === 1) return { ...nothing, item: only.requestId }
    const isFew = cids.size <= maxCids
    if (cidFilter === 'exact' && (isFew || !canWindow)) return { ...nothing, cids: [...cids.values()] }
  }
  const times = pending.map((pin) => parseInstant(pin.created).ns)
  const oldest = times.reduce<bigint | null>((least, ns) => (least === null || ns < least ? ns : least), null)
  const recent = (newest ?? 0n) - OVERLAP_NS
  if (oldest === null) return { ...nothing, windowFrom: recent }
  const from = (newest === null || oldest < newest ? oldest : newest) - OVERLAP_NS
  if (countAfter(from) < PAGE) return { ...nothing, windowFrom: from }
  if (cidFilter === 'exact' && cids.size <= maxCids) {
    return { ...nothing, cids: [...cids.values()], windowFrom: wantsNew ? recent : null }
  }
  return { ...nothing, pending: true, windowFrom: wantsNew ? recent : null }
}
