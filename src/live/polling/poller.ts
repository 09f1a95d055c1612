import { RateLimitedError } from '../../domain/errors.ts'
import { isSettled, PIN_STATUSES } from '../../domain/pin.ts'
import type { PinQuery } from '../../upstream/http/list-query.ts'
import type { KnownPin } from '../watched/pin-cache.ts'
import type { View } from '../watched/view.ts'
import { Absentees, type AbsenteesOptions } from './absentees.ts'
import type { PollDemand } from './cadence.ts'
import { changeRateOf } from './change-rate.ts'
import { startReadTime } from './live-read-time.ts'
import { poll } from './poll.ts'
import { type PollTarget, planPoll } from './poll-plan.ts'

/** Shortest interval of polls: a status that is one second old is fresh enough. */
const SHORTEST_MS = 1_000
/** Longest interval of polls while there are unsettled pins and budget. */
const LONGEST_MS = 30_000
/** Interval of polls for new pins from elsewhere, while all known pins have settled. */
const IDLE_MS = 5_000
/** A pin that has not changed for some time is polled again after 1/60 of that time. */
const PATIENCE = 60
/** A pin that has not changed for this long is left to the resyncs. */
const STUCK_AFTER_MS = 3_600_000
/** A resync reads all watched pins, settled ones too. It comes after this time for each request that it takes. */
const RESYNC_MS = 60_000
/** Where polls are rare, at most every tenth is a resync. */
const POLLS_PER_RESYNC = 10

/** Demand of tenants without unsettled pins. Idle: new pins may come from elsewhere. Settled: pins may only fail or go. */
const IDLE = { changeRate: 0.02, share: 0.2 }
const SETTLED = { changeRate: 0.005, share: 0.05 }
/** Added to the expected changes per second while lookups of suspects are pressing. */
const SUSPECT_RATE = 0.5

export type PollerOptions = AbsenteesOptions

/** Decides which requests a poll of one tenant sends, and sends them. Says how often that should be. */
export class Poller {
  readonly #options: PollerOptions
  readonly #absentees: Absentees
  /** Filters, and the instant after which too many pins match them to be read. Null while none is known. */
  #tooFarBack: { readonly scope: string; readonly ns: bigint } | null = null
  #polledAt = Number.NEGATIVE_INFINITY
  /** Number of requests of the last poll that was no resync. */
  #requests = 1
  #resyncAt: number
  #resyncRequests = 1
  #pollsSinceResync = 0
  /** Called before each list of the poll that runs. Throws when the poll takes too long. */
  #onList = (): void => {}

  constructor(options: PollerOptions) {
    this.#options = options
    this.#absentees = new Absentees(options)
    this.#resyncAt = options.clock.now() + RESYNC_MS
  }

  /** Time on the clock when the last poll began, or when everything was read. */
  get polledAt(): number {
    return this.#polledAt
  }

  /** Notes that all pins were read just now, so that the first poll is not due at once. */
  wasRead(): void {
    this.#polledAt = Math.max(this.#polledAt, this.#options.clock.now())
  }

  /** Returns how often to poll, and at which cost. Null when no view with a subscriber has been read. */
  demand(): PollDemand | null {
    const { views, clock } = this.#options
    const active = views.begun()
    if (active.length === 0) return null
    const now = clock.now()
    const targets = this.#unsettled()
    const hasNews = active.some(({ query }) => query !== null)
    const { arePressing } = this.#absentees
    if (targets.length === 0 && !arePressing) {
      if (hasNews) return { ...IDLE, shortestMs: IDLE_MS, requests: this.#requests, endpoint: 'list' }
      const requests = this.#resyncRequests
      return { ...SETTLED, shortestMs: RESYNC_MS * requests, requests, endpoint: 'list' }
    }
    const ofSuspects = arePressing ? SUSPECT_RATE : 0
    const changeRate = targets.reduce((sum, { pin, activeAt }) => sum + changeRateOf(pin, now - activeAt), ofSuspects)
    const calmMs = Math.min(hasNews ? IDLE_MS : LONGEST_MS, 1000 / (PATIENCE * changeRate))
    const endpoint = targets.length === 1 && !hasNews ? 'item' : 'list'
    return { changeRate, share: 1, shortestMs: Math.max(SHORTEST_MS, calmMs), requests: this.#requests, endpoint }
  }

  /**
   * Runs one poll: reads unsettled and new pins or, now and then, all watched pins.
   *
   * @returns false when no request was answered, since none was due, or since the budget had no room for a resync
   * @throws whatever the requests reject with
   */
  async run(): Promise<boolean> {
    const { sightings, clock, tenant } = this.#options
    this.#onList = startReadTime(clock, tenant.service)
    const views = this.#options.views.begun()
    const targets = this.#unsettled()
    const queries = views.filter(({ query }) => query !== null)
    const isIdle = targets.length === 0 && queries.length === 0
    this.#polledAt = clock.now()
    // Pins that this poll finds missing are looked up by the next poll.
    const suspects = this.#absentees.due()
    const isResyncDue = this.#polledAt >= this.#resyncAt && this.#pollsSinceResync >= POLLS_PER_RESYNC
    // This poll shows all pins from elsewhere up to this instant. It may miss pins that are created while it runs.
    const { newestNs } = sightings
    let isAnswered = !isIdle
    this.#pollsSinceResync++
    if (isResyncDue || (isIdle && !this.#absentees.arePressing)) isAnswered = await this.#resync(views, newestNs)
    else if (!isIdle) await this.#usual(targets, queries, newestNs)
    const error = await this.#absentees.confirm(suspects)
    // While other requests are answered, one pin that cannot be read does not mean that the service is down.
    if (error && !isAnswered) throw error
    return isAnswered || suspects.length > 0
  }

  async #usual(targets: readonly KnownPin[], queries: readonly View[], newestNs: bigint): Promise<void> {
    const scope = scopeOf(targets, queries)
    const newSince = queries.reduce<bigint | null>(
      (least, { newsNs }) => (least === null || newsNs < least ? newsNs : least),
      null,
    )
    this.#requests = Math.max(1, await this.#ask(targets, newSince, scope, 'live'))
    for (const view of queries) view.lookedUpTo(newestNs)
    this.#suspectMissing()
  }

  /** Reads all watched pins, settled ones too: they may still fail, or be removed elsewhere. */
  async #resync(views: readonly View[], newestNs: bigint): Promise<boolean> {
    const { tenant, cache, clock, signal } = this.#options
    const queries = views.filter(({ query }) => query !== null)
    const ids = new Set(views.flatMap(({ refs }) => [...refs.keys()]))
    const byId = [...ids].map((requestId) => cache.get(requestId)).filter((known) => known !== undefined)
    this.#pollsSinceResync = 0
    let total = 0
    try {
      total += await this.#ask(byId, null, { statuses: PIN_STATUSES }, 'resync')
      this.#suspectMissing()
      for (const view of queries) {
        this.#expect([...cache.all()].filter(({ pin }) => view.tracks(pin)))
        const pins = await tenant.collectPins(view.query as PinQuery, { class: 'resync', signal, onList: this.#onList })
        total += Math.ceil((pins.length + 1) / 1000)
        this.#suspectMissing()
        view.lookedUpTo(newestNs)
      }
      total += await this.#absentees.listGone(this.#onList)
    } catch (error) {
      // Without budget the resync is left out until the next one is due.
      if (!(error instanceof RateLimitedError)) throw error
    }
    this.#resyncRequests = Math.max(1, total)
    this.#resyncAt = clock.now() + RESYNC_MS * this.#resyncRequests
    return total > 0
  }

  async #ask(
    known: readonly KnownPin[],
    newSince: bigint | null,
    scope: PinQuery,
    requestClass: 'live' | 'resync',
  ): Promise<number> {
    const { tenant, sightings, signal } = this.#options
    const key = JSON.stringify([requestClass, scope])
    const targets = known.map(toTarget)
    const options = { class: requestClass, signal, scope, missing: sightings.missing, onList: this.#onList }
    this.#expect(known)
    let requests = 0
    for (;;) {
      const tooFarBack = this.#tooFarBack?.scope === key ? this.#tooFarBack.ns : null
      const plan = planPoll({ targets, newSince, tooFarBack }, tenant.capabilities)
      const result = await poll(tenant, plan, options)
      requests += result.requests
      if (result.isComplete) return requests
      this.#tooFarBack = { scope: key, ns: plan.window?.from ?? 0n }
    }
  }

  #suspectMissing(): void {
    const { sightings } = this.#options
    for (const requestId of sightings.missing) sightings.suspect(requestId)
  }

  #expect(known: readonly KnownPin[]): void {
    const { missing } = this.#options.sightings
    missing.clear()
    for (const { pin } of known) missing.add(pin.requestId)
  }

  /** Returns the unsettled pins that have a subscriber, without suspects and without pins that are stuck. */
  #unsettled(): KnownPin[] {
    const { cache, views, sightings, clock } = this.#options
    const since = clock.now() - STUCK_AFTER_MS
    return [...cache.unsettled()].filter(
      ({ pin, activeAt }) => activeAt > since && !sightings.suspects.has(pin.requestId) && views.isFollowed(pin),
    )
  }
}

/** Returns the filters that all polled pins match. */
function scopeOf(targets: readonly KnownPin[], queries: readonly View[]): PinQuery {
  const [only] = queries
  const isShared = only?.query && queries.length === 1 && targets.every(({ pin }) => only.tracks(pin))
  return { ...(isShared ? only.query : {}), statuses: PIN_STATUSES }
}

function toTarget({ pin, createdNs }: KnownPin): PollTarget {
  return { requestId: pin.requestId, cid: pin.cid, createdNs, isSettled: isSettled(pin.status) }
}
