import type { Cid } from '../../domain/cid.ts'
import type { Capabilities } from '../../upstream/providers/capabilities.ts'

/** A pin whose state a poll must show. */
export interface PollTarget {
  readonly requestId: string
  readonly cid: Cid
  readonly createdNs: bigint
  readonly isSettled: boolean
}

/** The pins that one poll must show. */
export interface PollTask {
  readonly targets: readonly PollTarget[]
  /** Pins from elsewhere that were created after this instant must be shown too. In nanoseconds. Null: none must. */
  readonly newSince: bigint | null
  /** Latest instant after which there are known to be too many pins to read. In nanoseconds. Null while none is known. */
  readonly tooFarBack: bigint | null
}

/** The requests of one poll, in this order. */
export interface PollPlan {
  /** Request id of a single pin: one `GET /pins/{requestid}`. */
  readonly item: string | null
  /** All pins that were created after an instant, or all pins: one list per 1,000. */
  readonly window: PollWindow | null
  /** True: all queued and pinning pins, whenever they were created: one list per 1,000. */
  readonly unsettled: boolean
  /** The CIDs of those of these pins that no answer has shown by then: one list per ten. */
  readonly byCid: readonly PollTarget[]
}

export interface PollWindow {
  /** In nanoseconds. Null: all pins must be read. */
  readonly from: bigint | null
  /** Reading goes back to this instant even when all targets have been shown. In nanoseconds. Null: it stops there. */
  readonly newSince: bigint | null
  /** With more requests than this, the other lists are cheaper, and reading stops. */
  readonly maxRequests: number
}

/** Windows overlap by this much: pins of one moment may appear in either order, and some services count in whole seconds. */
const OVERLAP_NS = 10_000_000_000n
/** Maximum of requests for new pins. If more pins are added in one poll, the next resync finds the rest. */
const MAX_RECENT_REQUESTS = 10

/**
 * Chooses the cheapest requests that show the state of all targets, and new pins where those are wanted.
 *
 * - A single pin is read by its id: services allow more of these requests than lists.
 * - Up to ten CIDs, or as many as the service allows, are one list.
 * - For more, a window since the oldest of them is cheapest. It shows them and new pins alike.
 * - When one old pin makes that window too large, queued and pinning pins are listed by status. Pins that are not among
 *   them are listed by CID, and new pins by a short window.
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
