import { formatInstant, parseInstant } from '../../domain/instant.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import type { PinQuery } from '../../upstream/http/list-query.ts'
import type { LiveReadOptions, LiveTenant } from '../live-tenant.ts'
import { hasPin } from './has-pin.ts'
import type { PollPlan, PollWindow } from './poll-plan.ts'

export interface PollOptions extends LiveReadOptions {
  /** Filters that all watched pins match. */
  readonly scope: PinQuery
  /** Request ids that no answer has shown yet. The set shrinks while answers arrive. */
  readonly missing: ReadonlySet<string>
}

export interface PollResult {
  readonly requests: number
  /** False when the window held too many pins. The poll must then be planned again without it. */
  readonly isComplete: boolean
}

/**
 * Sends the requests of a plan. The pins in their answers reach the cache through the tenant's observer.
 *
 * @throws whatever the requests reject with
 */
export async function poll(tenant: LiveTenant, plan: PollPlan, options: PollOptions): Promise<PollResult> {
  const { scope, missing, onList: onEach, ...callOptions } = options
  if (plan.item !== null) {
    await hasPin(tenant, plan.item, callOptions)
    return { requests: 1, isComplete: true }
  }
  const meter = new ListMeter()
  const onList = (): void => {
    onEach?.()
    meter.count()
  }
  const { window, unsettled, byCid } = plan
  if (window && !(await meter.within(window.maxRequests, () => readWindow(tenant, window, { ...options, onList })))) {
    // A window for new pins only shows the newest first, so that little is lost when it is cut short.
    if (window.from !== window.newSince) return { requests: meter.requests, isComplete: false }
  }
  if (unsettled) {
    const lists = Math.ceil(byCid.length / tenant.capabilities.maxCids)
    const query = { ...scope, statuses: ['queued', 'pinning'] } as const
    await meter.within(lists, () => tenant.collectPins(query, { ...callOptions, onList }))
  }
  const cids = byCid.filter(({ requestId }) => missing.has(requestId)).map(({ cid }) => cid)
  if (cids.length > 0) await tenant.collectPins({ cids, statuses: PIN_STATUSES }, { ...callOptions, onList })
  return { requests: meter.requests, isComplete: true }
}

async function readWindow(tenant: LiveTenant, window: PollWindow, options: PollOptions): Promise<void> {
  const { scope, missing, ...callOptions } = options
  const { from, newSince, maxRequests } = window
  const after = from === null ? scope.after : laterOf(scope.after, from)
  for (const stream of tenant.openStreams({ ...scope, after }, { ...callOptions, expected: 1000 })) {
    await stream.start()
    if (missing.size > 0 && (stream.count ?? 0) > maxRequests * 1000) throw new TooManyRequests()
    for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
      stream.shift()
      if (missing.size === 0 && (newSince === null || next.created.ns < newSince)) break
    }
  }
}

/** Counts lists, and stops a read that requests too many. */
class ListMeter {
  requests = 0
  #limit = Number.POSITIVE_INFINITY

  /** @throws {TooManyRequests} instead of counting one list too many */
  count(): void {
    if (this.requests >= this.#limit) throw new TooManyRequests()
    this.requests++
  }

  /** Returns false when reading would have taken more requests than `most`. */
  async within(most: number, read: () => Promise<unknown>): Promise<boolean> {
    this.#limit = this.requests + most
    try {
      await read()
      return true
    } catch (error) {
      if (error instanceof TooManyRequests) return false
      throw error
    } finally {
      this.#limit = Number.POSITIVE_INFINITY
    }
  }
}

class TooManyRequests extends Error {}

function laterOf(after: string | undefined, fromNs: bigint): string {
  const from = formatInstant(fromNs, 9)
  return after !== undefined && parseInstant(after).ns > fromNs ? after : from
}
