import { RateLimitedError } from '../../domain/errors.ts'
import { isSettled, PIN_STATUSES } from '../../domain/pin.ts'
import type { PinQuery } from '../../upstream/http/list-query.ts'
import { collectPins } from '../../upstream/reading/pin-stream.ts'
import type { KnownPin } from '../watched/pin-cache.ts'
import type { View } from '../watched/view.ts'
import { Absentees, type AbsenteesOptions } from './absentees.ts'
import type { PollDemand } from './cadence.ts'
import { changeRateOf } from './change-rate.ts'
import { poll } from './poll.ts'
import { type PollTarget, planPoll } from './poll-plan.ts'

/** Nobody is polled more often: a status that is a second old is fresh. */
const SHORTEST_MS = 1_000
/** What is under way is polled at least so often, while the budget allows. */
const LONGEST_MS = 30_000
/** Where nothing is under way, only for pins that come from elsewhere. */
const IDLE_MS = 5_000
/** A pin is looked at after a further part of the time for which it has been as it is: 1/60. */
const PATIENCE = 60
/** What has not moved for so long is left to the look over everything. */
const STUCK_AFTER_MS = 3_600_000
/** Everything that is watched is looked over so often, for every request that takes. */
const RESYNC_MS = 60_000
/** And takes no more than this part of all polls where these are rare. */
const POLLS_PER_RESYNC = 10

/** What is expected of tenants with nothing under way: pins that come from elsewhere, or settled ones that go. */
const IDLE = { changeRate: 0.02, share: 0.2 }
const SETTLED = { changeRate: 0.005, share: 0.05 }
const SUSPECT_RATE = 0.5

/** What a poller needs is what it needs to find out about those that are missing. */
export type PollerOptions = AbsenteesOptions

/** Decides what to ask of one tenant, and when, and asks it. */
export class Poller {
  readonly #options: PollerOptions
  readonly #absentees: Absentees
  #tooFarBack: { readonly scope: string; readonly ns: bigint } | null = null
  #polledAt = Number.NEGATIVE_INFINITY
  #requests = 1
  #resyncAt: number
  #resyncRequests = 1
  #pollsSinceResync = 0

  constructor(options: PollerOptions) {
    this.#options = options
    this.#absentees = new Absentees(options)
    this.#resyncAt = options.clock.now() + RESYNC_MS
  }

  /** When the last cycle began, on the clock. */
  get polledAt(): number {
    return this.#polledAt
  }

  /** Notes that everything was read just now, so that the first poll need not come at once. */
  wasRead(): void {
    this.#polledAt = Math.max(this.#polledAt, this.#options.clock.now())
  }

  /** How often to poll, and what for; null when nobody has begun to listen. */
  demand(): PollDemand | null {
    const { views, sightings, clock } = this.#options
    const active = views.begun()
    if (active.length === 0) return null
    const now = clock.now()
    const targets = this.#moving()
    const hasNews = active.some(({ query }) => query !== null)
    if (targets.length === 0 && sightings.suspects.size === 0) {
      if (hasNews) return { ...IDLE, shortestMs: IDLE_MS, requests: this.#requests, endpoint: 'list' }
      const requests = this.#resyncRequests
      return { ...SETTLED, shortestMs: RESYNC_MS * requests, requests, endpoint: 'list' }
    }
    const ofSuspects = sightings.suspects.size > 0 ? SUSPECT_RATE : 0
    const changeRate = targets.reduce((sum, { pin, activeAt }) => sum + changeRateOf(pin, now - activeAt), ofSuspects)
    const calmMs = Math.min(hasNews ? IDLE_MS : LONGEST_MS, 1000 / (PATIENCE * changeRate))
    const endpoint = targets.length === 1 && !hasNews ? 'item' : 'list'
    return { changeRate, share: 1, shortestMs: Math.max(SHORTEST_MS, calmMs), requests: this.#requests, endpoint }
  }

  /**
   * One cycle: asks for what is under way and for what is new; or, now and then, for everything.
   *
   * @returns false where nothing was asked, as the budget had no room for a look over everything, or it is not time
   * @throws whatever the requests reject with
   */
  async run(): Promise<boolean> {
    const { sightings, clock } = this.#options
    const views = this.#options.views.begun()
    const targets = this.#moving()
    const queries = views.filter(({ query }) => query !== null)
    const isIdle = targets.length === 0 && queries.length === 0
    this.#polledAt = clock.now()
    // Those that this cycle finds wait for the next.
    const suspects = this.#absentees.due()
    const isResyncDue = this.#polledAt >= this.#resyncAt && this.#pollsSinceResync >= POLLS_PER_RESYNC
    // What was made elsewhere before that, this cycle shows; of what comes meanwhile, that is not certain.
    const seenNs = sightings.newestNs
    let isAnswered = !isIdle
    if (isResyncDue || (isIdle && sightings.suspects.size === 0)) isAnswered = await this.#resync(views, seenNs)
    else if (!isIdle) await this.#usual(targets, queries, seenNs)
    const error = await this.#absentees.confirm(suspects)
    // One pin that cannot be read is no reason to take the service for down, while it answers otherwise.
    if (error && !isAnswered) throw error
    return isAnswered || suspects.length > 0
  }

  async #usual(targets: readonly KnownPin[], queries: readonly View[], seenNs: bigint): Promise<void> {
    this.#pollsSinceResync++
    const scope = scopeOf(targets, queries)
    const newSince = queries.reduce<bigint | null>(
      (least, { newsNs }) => (least === null || newsNs < least ? newsNs : least),
      null,
    )
    this.#requests = Math.max(1, await this.#ask(targets, newSince, scope, 'live'))
    for (const view of queries) view.lookedUpTo(seenNs)
    this.#suspectMissing()
  }

  /** Looks over everything that is watched, settled pins included: these may still fail, or go. */
  async #resync(views: readonly View[], seenNs: bigint): Promise<boolean> {
    const { tenant, cache, clock, signal } = this.#options
    const queries = views.filter(({ query }) => query !== null)
    const ids = new Set(views.flatMap(({ refs }) => [...refs.keys()]))
    const byId = [...ids].map((requestId) => cache.get(requestId)).filter((known) => known !== undefined)
    this.#pollsSinceResync = 0
    let total = 0
    try {
      total += await this.#ask(byId, null, { statuses: PIN_STATUSES }, 'resync')
      this.#suspectMissing()
      total += await this.#absentees.askForGone()
      for (const view of queries) {
        this.#expect([...cache.all()].filter(({ pin }) => view.tracks(pin)))
        const pins = await collectPins(tenant, view.query as PinQuery, { class: 'resync', signal })
        total += Math.ceil((pins.length + 1) / 1000)
        this.#suspectMissing()
        view.lookedUpTo(seenNs)
      }
    } catch (error) {
      // It can wait: others want the budget.
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
    const options = { class: requestClass, signal, scope, missing: sightings.missing }
    this.#expect(known)
    let requests = 0
    for (;;) {
      const tooFarBack = this.#tooFarBack?.scope === key ? this.#tooFarBack.ns : null
      const plan = planPoll({ targets, newSince, tooFarBack }, tenant.capabilities)
      const outcome = await poll(tenant, plan, options)
      requests += outcome.requests
      if (outcome.isComplete) return requests
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

  /** Pins under way that somebody listens to, without those that are asked for by their id anyway, or stuck. */
  #moving(): KnownPin[] {
    const { cache, views, sightings, clock } = this.#options
    const since = clock.now() - STUCK_AFTER_MS
    return [...cache.unsettled()].filter(
      ({ pin, activeAt }) => activeAt > since && !sightings.suspects.has(pin.requestId) && views.isFollowed(pin),
    )
  }
}

/** The filters that all that is of interest has in common. */
function scopeOf(targets: readonly KnownPin[], queries: readonly View[]): PinQuery {
  const [only] = queries
  const isShared = only?.query && queries.length === 1 && targets.every(({ pin }) => only.tracks(pin))
  return { ...(isShared ? only.query : {}), statuses: PIN_STATUSES }
}

function toTarget({ pin, createdNs }: KnownPin): PollTarget {
  return { requestId: pin.requestId, cid: pin.cid, createdNs, isSettled: isSettled(pin.status) }
}
