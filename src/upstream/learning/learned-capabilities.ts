import type { NewPin, Pin } from '../../domain/pin.ts'
import { isUnfiltered, type ListQuery, type PinQuery, type TimeForm } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { Disproof } from './disproof.ts'
import { LearnedAnswers } from './learned-answers.ts'
import { LearnedBounds } from './learned-bounds.ts'
import { honoursSeveral, looseFilters } from './learned-filters.ts'
import { disproveOrder, isProvenNewestFirst } from './learned-order.ts'
import { disproveTimeFilter, mostDigits } from './learned-times.ts'

/** A capability that an answer has proven. */
export interface Lesson {
  readonly capability: keyof Capabilities
  /** The evidence, in a sentence. */
  readonly proof: string
}

/**
 * A service's capabilities: what was known before, and what its answers have shown since.
 *
 * They start from the configuration and the provider. Answers fill in what is not known, and lower the trust in what they
 * disprove. Nothing raises trust. Each difference from the specification is reported once.
 */
export class LearnedCapabilities {
  #current: Capabilities
  readonly #lessons: Lesson[] = []
  /** Proofs of the lessons about single tokens that were reported. There is one for each refused `limit`, and one for `after`. */
  readonly #reportedForTokens = new Set<string>()
  readonly #onLesson: (lesson: Lesson) => void
  /** True if neither the provider nor the configuration says how the service counts. */
  readonly isStranger: boolean
  /** True if the provider or the configuration says in which order the service lists. */
  readonly isOrderKnown: boolean
  /** Lessons about the words of requests, and of empty lists. */
  readonly answers = new LearnedAnswers()
  /** Lessons about the times of lists. They are learned of strangers only. */
  readonly bounds = new LearnedBounds()

  /** @param onLesson called once for each lesson */
  constructor(initial: Capabilities, onLesson: (lesson: Lesson) => void = () => {}) {
    this.#current = initial
    this.isStranger = initial.count === null
    this.isOrderKnown = initial.order !== null
    this.#onLesson = onLesson
  }

  /** Returns whether a list with a pin at a bound has all pins of its time. Times of strangers may be rounded, if they are whole seconds. */
  get includesBounds(): boolean {
    return !this.isStranger || this.#current.createdDigits !== 0 || this.bounds.areInclusive === true
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
    this.answers.listed(query.limit, recordCount(page))
    if (page.pins.length === 0) return
    this.answers.hasListedPins = true
    // A pin in a list is a stored pin. So its `meta` is kept, and not only echoed in the answer to the add.
    if (page.pins.some((pin) => pin.writeId !== undefined)) this.#fill({ keepsMeta: true })
    const times = page.pins.map((pin) => pin.created)
    const digits = mostDigits(times, this.#current.createdDigits)
    if (digits !== this.#current.createdDigits) this.#current = { ...this.#current, createdDigits: digits }
    if (this.#current.order === null && isProvenNewestFirst(times)) this.#fill({ order: 'newest-first' })
    this.#learn(disproveOrder(times, this.#current.order))
    this.#learn(disproveTimeFilter(query, times, this.#current))
    if (this.isStranger) this.bounds.observe(query, page.pins)
    if (honoursSeveral(query, page.pins)) this.#fill({ multiStatus: true })
    for (const disproof of looseFilters(query, page.pins, this.#current)) this.#learn(disproof)
  }

  /** Records that a list that looked newest first lacked newer pins. */
  observeUnsorted(): void {
    this.#learn({ change: { order: 'none' }, capability: 'order', proof: 'a list lacked pins newer than its last one' })
  }

  /** Records that the service cuts lists to so many pins without a word. */
  observeLargestPage(records: number): void {
    if (this.#current.maxLimit <= records) return
    const proof = `a list was cut after ${records} pins`
    this.#learn({ change: { maxLimit: records }, capability: 'maxLimit', proof })
  }

  /** Records that a list with this limit was longer than the one of so many pins that a larger limit had. */
  observeLargestLimit(limit: number, records: number): void {
    if (this.#current.maxLimit <= limit) return
    const proof = `a list with a larger limit had only ${records} pins`
    this.#learn({ change: { maxLimit: limit }, capability: 'maxLimit', proof })
  }

  /** Records that the service takes times in one form only. */
  observeTimeForm(form: TimeForm): void {
    this.answers.timeForm = form
    if (form === 'fraction') return
    const proof = 'a time with a fraction was refused'
    this.#learn({ change: { timeDigits: 0 }, capability: 'timeDigits', proof })
  }

  /** Records that a list had more pins than the specification allows. */
  observeLargerPage(limit: number): void {
    if (this.#current.maxLimit > limit) return
    const proof = `a list had more than ${limit} pins`
    this.#learn({ change: { maxLimit: Number.POSITIVE_INFINITY }, capability: 'maxLimit', proof })
  }

  /** Records that the service rounds `before` or `after` to whole seconds. */
  observeRoundedTime(): void {
    const proof = 'a list lacked pins of the second in the time asked for'
    this.#learn({ change: { timeDigits: 0 }, capability: 'timeDigits', proof })
  }

  /** Records that the service misreads `before` or `after` by more than a second, so that pins are missing, or that it may. */
  observeMisreadBounds(proof: string): void {
    this.#learn({ change: { timeFilter: 'unusable' }, capability: 'timeFilter', proof })
  }

  /**
   * Learns from a list that was refused with 404 in JSON, and not with a web server's page.
   *
   * @returns true when the 404 means an empty list; false when the endpoint may be wrong
   */
  observeListNotFound(): boolean {
    if (this.answers.hasListed) this.observeEmptyListIs404()
    return this.#current.emptyListIs404
  }

  /** Records that a list that was refused with 404 is an empty one: the endpoint is right. */
  observeEmptyListIs404(): void {
    const proof = 'a list without pins was 404'
    this.#learn({ change: { emptyListIs404: true }, capability: 'emptyListIs404', proof })
  }

  /** Learns from the answer to an add or a replacement. `meta` in the answer proves nothing, since it may be an echo. */
  observeAdded(asked: NewPin, pin: Pin): void {
    if (asked.writeId !== undefined && pin.writeId === undefined) this.observeLostMeta()
    const isNamedByCid = asked.name === null && (pin.name === pin.cid.text || pin.name === asked.cid.text)
    if (!isNamedByCid) return
    const proof = 'a pin without a name came back with its CID as name'
    this.#learn({ change: { namesPinsByCid: true }, capability: 'namesPinsByCid', proof })
  }

  /** Notes that a pin came back without the `meta` that was sent. */
  observeLostMeta(): void {
    const change = { keepsMeta: false, metaFilter: 'unusable' } as const
    this.#learn({ change, capability: 'keepsMeta', proof: 'meta that was sent did not come back' })
  }

  /** Records that `count` claimed more pins than could be listed. */
  observeWrongCount(sent: PinQuery): void {
    const { count } = this.#current
    if (count === 'unreliable') return
    // A `count` that is wrong for a filtered list may still be right for a list of all pins.
    const now = isUnfiltered(sent) || count === 'everything' ? 'unreliable' : 'everything'
    this.#learn({ change: { count: now }, capability: 'count', proof: 'count spoke of pins that no list had' })
  }

  /** Records that a list of some statuses had a `count` equal to its own length, which was less than the number of all pins. */
  observeRightCount(): void {
    this.#fill({ count: 'total' })
  }

  /** Records that a list of all statuses contained pins that were missing from a list of some statuses. */
  observeLateStatusFilter(): void {
    const proof = 'a list was cut before its statuses were looked at'
    this.#learn({ change: { statusFilter: 'unusable' }, capability: 'statusFilter', proof })
  }

  /** Records whether a list of several statuses finds the pins that a list of one status finds. */
  observeMultiStatus(works: boolean): void {
    if (works) this.#fill({ multiStatus: true })
    else {
      // A service that takes several statuses for a single one also takes several CIDs for a single one.
      const change = { multiStatus: false, maxCids: 1 } as const
      const proof = 'a list of several statuses lacked pins that a list of one had'
      this.#learn({ change, capability: 'multiStatus', proof })
    }
  }

  /** Records that a list of several CIDs lacks pins that a list of one CID has. */
  observeSingleCid(): void {
    const proof = 'a list of several CIDs lacked a pin that a list of one had'
    this.#learn({ change: { maxCids: 1 }, capability: 'maxCids', proof })
  }

  /** Records that the service replaced a pin but kept its CID. */
  observeIgnoredCid(): void {
    const proof = 'a pin kept its CID when it was replaced'
    this.#learn({ change: { replace: 'add-then-remove' }, capability: 'replace', proof })
  }

  /** Reports, once, a lesson that holds for single tokens only. It changes nothing for others, and is not among `lessons`. */
  reportForToken(lesson: Lesson): void {
    if (this.#reportedForTokens.has(lesson.proof)) return
    this.#reportedForTokens.add(lesson.proof)
    this.#onLesson(lesson)
  }

  /**
   * Applies a change and reports it. Does nothing if the capability has the new value already: concurrent reads or writes may
   * all find the same out.
   */
  #learn(disproof: Disproof | null): void {
    if (disproof === null) return
    const { change, capability, proof } = disproof
    if (change[capability] === this.#current[capability]) return
    this.#current = { ...this.#current, ...change }
    // A limit may be learned again and again, where some lists are cut and others are not.
    if (capability === 'maxLimit' && this.#lessons.some((known) => known.proof === proof)) return
    const lesson = { capability, proof }
    this.#lessons.push(lesson)
    this.#onLesson(lesson)
  }

  /** Fills in capabilities that were not known. */
  #fill(found: Partial<Capabilities>): void {
    const isNew = Object.keys(found).some((key) => this.#current[key as keyof Capabilities] === null)
    if (isNew) this.#current = { ...this.#current, ...found }
  }
}
