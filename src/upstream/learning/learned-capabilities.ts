import { compareInstants, type Instant, parseInstant } from '../../domain/instant.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import { isUnfiltered, type ListQuery, type PinQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { honoursSeveral, looseFilters } from './learned-filters.ts'
import { LearnedPageSizes } from './learned-page-sizes.ts'

/** A capability that an answer has proven. */
export interface Lesson {
  readonly capability: keyof Capabilities
  /** The evidence, in a sentence. */
  readonly proof: string
}

/** Number of different instants in one list that prove its order. Only one shuffled list in 3,628,800 is sorted by chance. */
const INSTANTS_THAT_PROVE_ORDER = 10

/** Some services round `before` to the next second, whole seconds too. */
const SECOND_NS = 1_000_000_000n

/**
 * A service's capabilities: what was known before, and what its answers have shown since.
 *
 * They start from the configuration and the provider. Answers fill in what is not known, and lower the trust in what they
 * disprove. Nothing raises trust. Each difference from the specification is reported once.
 */
export class LearnedCapabilities {
  #current: Capabilities
  readonly #lessons: Lesson[] = []
  readonly #onLesson: (lesson: Lesson) => void
  /** True if neither the provider nor the configuration says how the service counts. */
  readonly isStranger: boolean
  readonly #pageSizes = new LearnedPageSizes()
  #isStatusFilterProven = false
  /** True once a list was answered. From then on, a 404 cannot mean a wrong endpoint. */
  #hasListed = false

  /** @param onLesson called once for each lesson */
  constructor(initial: Capabilities, onLesson: (lesson: Lesson) => void = () => {}) {
    this.#current = initial
    this.isStranger = initial.count === null
    this.#onLesson = onLesson
  }

  get current(): Capabilities {
    return this.#current
  }

  /** All lessons so far, oldest first. */
  get lessons(): readonly Lesson[] {
    return this.#lessons
  }

  /** Learns from a list. */
  observePage(query: ListQuery, page: PinPage): void {
    this.#hasListed = true
    this.#pageSizes.observe(page)
    if (page.pins.length === 0) return
    // A pin in a list is a stored pin. So its `meta` is kept, and not only echoed in the answer to the add.
    if (page.pins.some((pin) => pin.writeId !== undefined)) this.#fill({ keepsMeta: true })
    const times = page.pins.map((pin) => pin.created)
    this.#observeDigits(times)
    this.#observeOrder(times)
    this.#observeTimeFilter(query, times)
    if (honoursSeveral(query, page.pins)) this.#fill({ multiStatus: true })
    for (const { change, capability, proof } of looseFilters(query, page.pins, this.#current)) {
      this.learn(change, capability, proof)
    }
  }

  /**
   * Returns whether a page that is shorter than requested may have been cut. Some services cut a list to their own largest
   * page without a word.
   */
  looksCut(query: ListQuery, page: PinPage): boolean {
    return this.isStranger && this.#pageSizes.mayBeCut(query, page)
  }

  /**
   * Returns whether a `count` equal to the length of its page is known to be the number of pins that match: it is no length
   * of pages, since a `count` was longer than its page; and counting does not stop there, since a `count` was larger.
   */
  hasHonestCount(page: PinPage): boolean {
    return this.countsBeyondPages(page) && !this.#pageSizes.mayStopCountingAt(recordCount(page))
  }

  /** Returns whether a `count` equal to the length of its page is known to mean more than that length. */
  countsBeyondPages(page: PinPage): boolean {
    const { count, emptyListIs404 } = this.#current
    // A 404 has no count.
    if (page.count === 0 && emptyListIs404) return false
    return this.#pageSizes.countsBeyondPages && count !== 'unreliable' && page.count === recordCount(page)
  }

  /** True once a list has shown that the service looks at statuses before it cuts the list. Always for known providers. */
  get isStatusFilterProven(): boolean {
    return !this.isStranger || this.#isStatusFilterProven || this.#current.statusFilter !== 'exact'
  }

  /** Records that the service looks at statuses before it cuts the list. */
  observeEarlyStatusFilter(): void {
    this.#isStatusFilterProven = true
  }

  /** Records that the service cuts lists to so many pins without a word. */
  observeLargestPage(records: number): void {
    if (this.#current.maxLimit <= records) return
    this.learn({ maxLimit: records }, 'maxLimit', `a list was cut after ${records} pins`)
  }

  /** Records that a list had more pins than the specification allows. */
  observeLargerPage(limit: number): void {
    if (this.#current.maxLimit > limit) return
    this.learn({ maxLimit: Number.POSITIVE_INFINITY }, 'maxLimit', `a list had more than ${limit} pins`)
  }

  /** Records that the service rounds `before` or `after` to whole seconds. */
  observeRoundedTime(): void {
    if (this.#current.timeDigits === 0) return
    this.learn({ timeDigits: 0 }, 'timeDigits', 'a list lacked pins of the second in the time asked for')
  }

  /**
   * Learns from a list that was refused with 404 in JSON, and not with a web server's page.
   *
   * @returns true when the 404 means an empty list; false when the endpoint may be wrong
   */
  observeListNotFound(): boolean {
    if (this.#hasListed) this.observeEmptyListIs404()
    return this.#current.emptyListIs404
  }

  /** Records that a list that was refused with 404 is an empty one: the endpoint is right. */
  observeEmptyListIs404(): void {
    if (this.#current.emptyListIs404) return
    this.learn({ emptyListIs404: true }, 'emptyListIs404', 'a list without pins was 404')
  }

  /** Learns from the answer to an add or a replacement. `meta` in the answer proves nothing, since it may be an echo. */
  observeAdded(asked: NewPin, pin: Pin): void {
    if (asked.writeId !== undefined && pin.writeId === undefined) this.observeLostMeta()
    const isNamedByCid = asked.name === null && (pin.name === pin.cid.text || pin.name === asked.cid.text)
    if (isNamedByCid && !this.#current.namesPinsByCid) {
      this.learn({ namesPinsByCid: true }, 'namesPinsByCid', 'a pin without a name came back with its CID as name')
    }
  }

  /** Notes that a pin came back without the `meta` that was sent. */
  observeLostMeta(): void {
    if (this.#current.keepsMeta === false) return
    this.learn({ keepsMeta: false, metaFilter: 'unusable' }, 'keepsMeta', 'meta that was sent did not come back')
  }

  /** Records that `count` claimed more pins than could be listed. */
  observeWrongCount(sent: PinQuery): void {
    const { count } = this.#current
    if (count === 'unreliable') return
    // A `count` that is wrong for a filtered list may still be right for a list of all pins.
    const now = isUnfiltered(sent) || count === 'everything' ? 'unreliable' : 'everything'
    this.learn({ count: now }, 'count', 'count spoke of pins that no list had')
  }

  /** Records that a list of some statuses had a `count` equal to its own length, which was less than the number of all pins. */
  observeRightCount(): void {
    this.#fill({ count: 'total' })
  }

  /** Records that a list of all statuses contained pins that were missing from a list of some statuses. */
  observeLateStatusFilter(): void {
    this.learn({ statusFilter: 'unusable' }, 'statusFilter', 'a list was cut before its statuses were looked at')
  }

  /** Records whether a list of several statuses finds the pins that a list of one status finds. */
  observeMultiStatus(works: boolean): void {
    if (works) this.#fill({ multiStatus: true })
    else {
      // A service that takes several statuses for a single one also takes several CIDs for a single one.
      const change = { multiStatus: false, cidFilter: 'unusable' } as const
      this.learn(change, 'multiStatus', 'a list of several statuses was empty, one of one was not')
    }
  }

  /** Applies a change and reports it. Callers must check that it is new. */
  learn(change: Partial<Capabilities>, capability: keyof Capabilities, proof: string): void {
    this.#current = { ...this.#current, ...change }
    const lesson = { capability, proof }
    this.#lessons.push(lesson)
    this.#onLesson(lesson)
  }

  /** Fills in capabilities that were not known. */
  #fill(found: Partial<Capabilities>): void {
    const isNew = Object.keys(found).some((key) => this.#current[key as keyof Capabilities] === null)
    if (isNew) this.#current = { ...this.#current, ...found }
  }

  #observeDigits(times: readonly Instant[]): void {
    // Services may trim zeros at the end, so the largest number of digits counts.
    const digits = times.reduce((most, time) => Math.max(most, time.digits), this.#current.createdDigits ?? -1)
    if (digits >= 0 && digits !== this.#current.createdDigits)
      this.#current = { ...this.#current, createdDigits: digits }
  }

  #observeOrder(times: readonly Instant[]): void {
    const { order } = this.#current
    if (order === 'none') return
    const steps = times.slice(1).map((time, index) => compareInstants(time, times[index] as Instant))
    const descends = steps.every((step) => step <= 0)
    const ascends = steps.every((step) => step >= 0)
    if (order === 'oldest-first' ? ascends : descends) {
      const instants = 1 + steps.filter((step) => step !== 0).length
      if (instants >= INSTANTS_THAT_PROVE_ORDER) this.#fill({ order: 'newest-first' })
      return
    }
    const isReversed = ascends && order !== 'oldest-first'
    this.learn(
      { order: isReversed ? 'oldest-first' : 'none' },
      'order',
      isReversed ? 'a list came oldest first' : 'a list came unsorted',
    )
  }

  #observeTimeFilter({ before, after }: ListQuery, times: readonly Instant[]): void {
    const { timeFilter } = this.#current
    if (timeFilter === 'unusable') return
    const latest = before === undefined ? null : parseInstant(before)
    const earliest = after === undefined ? null : parseInstant(after)
    const outside = times.filter(
      (time) =>
        (latest !== null && compareInstants(time, latest) >= 0) ||
        (earliest !== null && compareInstants(time, earliest) <= 0),
    )
    const isFar = ({ ns }: Instant): boolean =>
      (latest !== null && ns > latest.ns + SECOND_NS) || (earliest !== null && ns < floor(earliest.ns))
    if (outside.some(isFar)) {
      this.learn({ timeFilter: 'unusable' }, 'timeFilter', 'a list had pins far from the time asked for')
    } else if (timeFilter === 'exact' && outside.length > 0) {
      this.learn({ timeFilter: 'loose' }, 'timeFilter', 'a list had pins on the border of the time asked for')
    }
  }
}

/** Returns the whole second to which some services round `after` down. */
function floor(ns: bigint): bigint {
  return (ns / SECOND_NS) * SECOND_NS
}
