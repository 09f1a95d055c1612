import { hasAllStatuses, type ListQuery, type PinQuery } from '../http/list-query.ts'
import { type PinPage, recordCount, SMALLEST_CUT } from '../http/pin-page.ts'
import type { LearnedCapabilities } from './learned-capabilities.ts'
import { LearnedPageSizes } from './learned-page-sizes.ts'
import { MixedRuns } from './mixed-runs.ts'

/** Largest chance that a filter that is applied after the cut passes its tests. */
const CHANCE_OF_ERROR = 1e-5

/**
 * The proofs that excuse pages of one token from a check. Everything else that answers teach is shared by all tokens, in
 * {@link LearnedCapabilities}. What refusals teach is partly not: see `TokenRefusals`.
 *
 * What is true for one token need not be true for another: services have larger pages for larger plans. Nor need it be true
 * for other queries: services may cut or count filtered lists in another way. So each proof holds for one token and one kind
 * of query: the filters that it has. There is one object per token, which its tenant owns. It has at most 24 kinds of pages,
 * and 48 of counts.
 */
export class ListProofs {
  readonly #known: LearnedCapabilities
  readonly #pageSizes = new Map<string, LearnedPageSizes>()
  /** Kinds of queries, with time, for which a `count` was larger than its page. So it is no length of pages. */
  readonly #counted = new Set<string>()
  /** By kind of query, with time: the largest `count`. */
  readonly #largestCounts = new Map<string, number>()
  /** True once a `count` was smaller than its page. Then no `count` proves anything. */
  #countsTooFew = false
  /** By kind of query: the chance that statuses are looked at only after the list was cut, and no test has shown it. */
  readonly #lateStatuses = new Map<string, number>()
  /** By kind of query. */
  readonly #runs = new Map<string, MixedRuns>()
  /** Kinds of queries of which a list was compared with its newer part. */
  readonly #compared = new Set<string>()

  constructor(known: LearnedCapabilities) {
    this.#known = known
  }

  /** Learns from a list of a stranger. */
  observe(query: ListQuery, page: PinPage): void {
    this.#sizesOf(query).observe(query.limit, page)
    this.#runsOf(query).observe(page.pins)
    const kind = kindOfCount(query)
    const count = page.count ?? 0
    if (page.count !== null && count < recordCount(page)) this.#countsTooFew = true
    if (count > recordCount(page)) this.#counted.add(kind)
    if (count > this.#largestCount(kind)) this.#largestCounts.set(kind, count)
  }

  /** Returns the largest `limit` of such a list that was answered. 0 before the first. */
  largestLimit(query: PinQuery): number {
    return this.#sizesOf(query).largestLimit
  }

  /**
   * Returns whether a page of a stranger may have been cut, since it is shorter than requested. Some services cut a list to their
   * own largest page without a word.
   */
  looksCut(query: ListQuery, page: PinPage): boolean {
    return this.#sizesOf(query).looksCut(query.limit, page)
  }

  /** Returns whether a stranger's answer to a query may look cut, since no page was as long as its `limit`. */
  mayLookCut(query: ListQuery): boolean {
    return this.#sizesOf(query).mayLookCut(query.limit)
  }

  /**
   * Returns whether a `count` equal to the length of its page is known to be the number of pins that match: it is no length
   * of pages, since a `count` was longer than its page; and counting does not stop there, since a `count` was larger.
   */
  hasHonestCount(query: PinQuery, page: PinPage): boolean {
    const records = recordCount(page)
    const mayStopThere = records >= SMALLEST_CUT && records >= this.#largestCount(kindOfCount(query))
    return this.countsBeyondPages(query, page) && !mayStopThere
  }

  /**
   * Returns whether a `count` is likely to be honest: as `hasHonestCount`, with the largest `count` of any query for proof. It is enough where other lists have shown that no
   * pin is missing that they contain.
   */
  hasPlausibleCount(query: PinQuery, page: PinPage): boolean {
    const records = recordCount(page)
    const mayStopThere = records >= SMALLEST_CUT && [...this.#largestCounts.values()].every((count) => records >= count)
    return this.countsBeyondPages(query, page) && !mayStopThere
  }

  /** Returns whether a `count` equal to the length of its page is known to mean more than that length. */
  countsBeyondPages(query: PinQuery, page: PinPage): boolean {
    const { count, emptyListIs404 } = this.#known.current
    // A 404 has no count.
    if (this.#countsTooFew || (page.count === 0 && emptyListIs404)) return false
    return count !== 'unreliable' && page.count === recordCount(page) && this.#counted.has(kindOfCount(query))
  }

  /**
   * Returns whether the service looks at statuses before it cuts such a list. Always true for known providers, and for lists of all
   * statuses.
   */
  isStatusFilterProven(query: PinQuery): boolean {
    const { isStranger, current } = this.#known
    if (!isStranger || hasAllStatuses(query) || current.statusFilter !== 'exact') return true
    return this.#chanceOfLate(query) <= CHANCE_OF_ERROR
  }

  /**
   * Records that the service looked at statuses before it cut such a list.
   *
   * @param chance that a service that looks at them afterwards would have returned the same
   */
  observeEarlyStatuses(query: PinQuery, chance: number): void {
    this.#lateStatuses.set(kindOfStatusFilter(query), this.#chanceOfLate(query) * chance)
  }

  /**
   * Returns whether a page that was cut has all pins that are newer than its last one, if it is newest first. Always true where the order
   * is configured, and for known providers. At a stranger, lists like this one must have been sorted by time alone, and one of them must
   * have been compared with its newer part.
   */
  isOrderProven(query: PinQuery): boolean {
    const isCompared = this.#isOrderKnown || this.#compared.has(kindOf(query)) || !this.#known.current.honoursAfter
    return isCompared && this.areRunsMixed(query)
  }

  /** Returns whether lists for such a query are known not to be made of runs by status, CID or name. Always true for known providers. */
  areRunsMixed(query: PinQuery): boolean {
    return this.#isOrderKnown || this.#runsOf(query).areMixed(query)
  }

  get #isOrderKnown(): boolean {
    return !this.#known.isStranger || this.#known.isOrderKnown
  }

  /** Records that a list of a stranger was compared with its newer part, and had all pins of it. */
  observeOrder(query: PinQuery): void {
    this.#compared.add(kindOf(query))
  }

  #runsOf(query: PinQuery): MixedRuns {
    const kind = kindOf(query)
    const runs = this.#runs.get(kind) ?? new MixedRuns()
    this.#runs.set(kind, runs)
    return runs
  }

  #chanceOfLate(query: PinQuery): number {
    return this.#lateStatuses.get(kindOfStatusFilter(query)) ?? 1
  }

  #sizesOf(query: PinQuery): LearnedPageSizes {
    const kind = kindOf(query)
    const known = this.#pageSizes.get(kind)
    if (known) return known
    const sizes = new LearnedPageSizes()
    this.#pageSizes.set(kind, sizes)
    return sizes
  }

  #largestCount(kind: string): number {
    return this.#largestCounts.get(kind) ?? 0
  }
}

/** Names the filters of a query apart from times. Every page after the first has a time, so it would need its own proof. */
function kindOf(query: PinQuery): string {
  // A list without statuses has those of the service's default.
  const ofStatus = hasAllStatuses(query) ? '' : query.statuses.length === 0 ? ' default' : ' status'
  return kindOfStatusFilter(query) + ofStatus
}

/** Names the filters of a query. A `count` may have another meaning where there is a time. */
function kindOfCount(query: PinQuery): string {
  return query.before === undefined && query.after === undefined ? kindOf(query) : `${kindOf(query)} time`
}

/** Names the filters of a query apart from statuses and times. */
function kindOfStatusFilter({ cids, name, meta }: PinQuery): string {
  return [cids && 'cid', name !== undefined && 'name', meta && 'meta'].filter(Boolean).join(' ')
}
