import type { Cid } from '../../domain/cid.ts'
import type { Capabilities } from '../../upstream/providers/capabilities.ts'

/** A pin whose state is asked for. */
export interface PollTarget {
  readonly requestId: string
  readonly cid: Cid
  readonly createdNs: bigint
  readonly isSettled: boolean
}

export interface PollTask {
  readonly targets: readonly PollTarget[]
  /** From when on pins that come from elsewhere must be seen too, in nanoseconds; null where they need not. */
  readonly newSince: bigint | null
  /** The latest instant since when there are known to be more pins than are worth reading; null while none is known. */
  readonly tooFarBack: bigint | null
}

/** What to ask in one cycle; the parts are asked in this order. */
export interface PollPlan {
  /** A lone pin: one `GET /pins/{requestid}`. */
  readonly item: string | null
  /** Everything created after an instant, or everything at all: one list for every 1,000. */
  readonly window: PollWindow | null
  /** Everything that is under way, whenever it was created: one list for every 1,000. */
  readonly unsettled: boolean
  /** Then the CIDs of these, of which nothing was seen by then: one list for every ten. */
  readonly byCid: readonly PollTarget[]
}

export interface PollWindow {
  /** In nanoseconds; null where all must be read. */
  readonly from: bigint | null
  /** Once all targets were seen, it need not go further back than this; null for no further at all. */
  readonly newSince: bigint | null
  /** More than this would be dearer than the other ways; the window is then given up. */
  readonly maxRequests: number
}

/** Two pins of one moment may show up in either order, and some services count in whole seconds. */
const OVERLAP_NS = 10_000_000_000n
/** Nobody adds more in one cycle; where it happens, the look over everything finds the rest. */
const MAX_RECENT_REQUESTS = 10

/**
 * Chooses the cheapest requests that show the state of all targets, and new pins where those are wanted.
 *
 * - A lone pin is asked for by itself: services count that more generously than lists.
 * - So many CIDs as fit into one list are one list.
 * - More are cheapest as everything since the oldest of them: that shows their outcomes and new pins alike.
 * - Where one that was added long ago makes that too much, what is under way is asked for by status, and what is not
 *   there by CID; new pins come from a short window.
 */
export function planPoll(task: PollTask, capabilities: Capabilities): PollPlan {
  const { targets, tooFarBack } = task
  const nothing: PollPlan = { item: null, window: null, unsettled: false, byCid: [] }
  const [first] = targets
  if (!first && task.newSince === null) return nothing
  if (first && targets.length === 1 && task.newSince === null) return { ...nothing, item: first.requestId }

  const { maxCids, order, timeFilter, cidFilter, statusFilter } = capabilities
  const lists = Math.ceil(new Set(targets.map(({ cid }) => cid.key)).size / maxCids)
  const canAskCids = cidFilter === 'exact'
  if (canAskCids && task.newSince === null && lists === 1) return { ...nothing, byCid: targets }

  const canWindow = (order === 'newest-first' || order === null) && timeFilter !== 'unusable'
  const newSince = task.newSince === null ? null : task.newSince - OVERLAP_NS
  if (!canWindow) {
    if (newSince === null && canAskCids) return { ...nothing, byCid: targets }
    return { ...nothing, window: { from: null, newSince, maxRequests: Number.POSITIVE_INFINITY } }
  }
  const recent = newSince === null ? null : { from: newSince, newSince, maxRequests: MAX_RECENT_REQUESTS }
  if (!first) return { ...nothing, window: recent }

  const canAskUnsettled = canAskCids && statusFilter !== 'unusable' && targets.every(({ isSettled }) => !isSettled)
  const oldest = targets.reduce((least, { createdNs }) => minOf(least, createdNs), first.createdNs) - OVERLAP_NS
  const from = newSince === null ? oldest : minOf(oldest, newSince)
  const othersCost = (recent ? 1 : 0) + (canAskUnsettled ? 1 : lists)
  const maxRequests = canAskCids ? othersCost : Number.POSITIVE_INFINITY
  if (!canAskCids || tooFarBack === null || from > tooFarBack) {
    return { ...nothing, window: { from, newSince, maxRequests } }
  }
  return { ...nothing, window: recent, unsettled: canAskUnsettled && lists > 1, byCid: targets }
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
