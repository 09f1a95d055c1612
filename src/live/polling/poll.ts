import { formatInstant, parseInstant } from '../../domain/instant.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import type { ListQuery, PinQuery } from '../../upstream/http/list-query.ts'
import type { PinPage } from '../../upstream/http/pin-page.ts'
import { collectPins, openPinStreams } from '../../upstream/reading/collect-pins.ts'
import type { PinSource } from '../../upstream/reading/pin-source.ts'
import type { TenantCallOptions } from '../../upstream/service/tenant-call-options.ts'
import type { LiveTenant } from '../live-tenant.ts'
import { hasPin } from './has-pin.ts'
import type { PollPlan, PollWindow } from './poll-plan.ts'

export interface PollOptions extends TenantCallOptions {
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
  const { scope, missing, ...callOptions } = options
  if (plan.item !== null) {
    await hasPin(tenant, plan.item, callOptions)
    return { requests: 1, isComplete: true }
  }
  const source = new MeteredSource(tenant)
  const { window, unsettled, byCid } = plan
  if (window && !(await source.within(window.maxRequests, () => readWindow(source, window, options)))) {
    // A window for new pins only shows the newest first, so that little is lost when it is cut short.
    if (window.from !== window.newSince) return { requests: source.requests, isComplete: false }
  }
  if (unsettled) {
    const lists = Math.ceil(byCid.length / tenant.capabilities.maxCids)
    const query = { ...scope, statuses: ['queued', 'pinning'] } as const
    await source.within(lists, () => collectPins(source, query, callOptions))
  }
  const cids = byCid.filter(({ requestId }) => missing.has(requestId)).map(({ cid }) => cid)
  if (cids.length > 0) await collectPins(source, { cids, statuses: PIN_STATUSES }, callOptions)
  return { requests: source.requests, isComplete: true }
}

async function readWindow(source: PinSource, window: PollWindow, options: PollOptions): Promise<void> {
  const { scope, missing, ...callOptions } = options
  const { from, newSince, maxRequests } = window
  const after = from === null ? scope.after : laterOf(scope.after, from)
  for (const stream of openPinStreams(source, { ...scope, after }, { ...callOptions, expected: 1000 })) {
    await stream.start()
    if (missing.size > 0 && (stream.count ?? 0) > maxRequests * 1000) throw new TooManyRequests()
    for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
      stream.shift()
      if (missing.size === 0 && (newSince === null || next.created.ns < newSince)) break
    }
  }
}

/** Counts requests, and stops reading when there are too many. */
class MeteredSource implements PinSource {
  requests = 0
  #limit = Number.POSITIVE_INFINITY
  readonly #source: PinSource

  constructor(source: PinSource) {
    this.#source = source
  }

  get service() {
    return this.#source.service
  }

  get capabilities() {
    return this.#source.capabilities
  }

  get known() {
    return this.#source.known
  }

  get proofs() {
    return this.#source.proofs
  }

  splitQuery(query: PinQuery): PinQuery[] {
    return this.#source.splitQuery(query)
  }

  async listPins(query: ListQuery, options?: TenantCallOptions): Promise<PinPage> {
    if (this.requests >= this.#limit) throw new TooManyRequests()
    this.requests++
    return this.#source.listPins(query, options)
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
