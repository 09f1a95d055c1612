import { compareInstants, type Instant, parseInstant } from '../../domain/instant.ts'
import { type NewPin, PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import { createPinFilter, isUnfiltered, type ListQuery, type PinQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/wire.ts'
import type { Capabilities } from '../providers/capabilities.ts'

/** One thing that an answer proved. */
export interface Lesson {
  readonly capability: keyof Capabilities
  /** What was seen, in a sentence. */
  readonly proof: string
}

/** So many different instants one after the other are no chance: one list in 3,628,800 that are shuffled looks like that. */
const INSTANTS_THAT_PROVE_ORDER = 10

/** Some services round times to the next second. */
const SLACK_NS = 1_000_000_000n

/**
 * What is known of a service's capabilities, and what its answers teach beyond it.
 *
 * It starts from what the configuration or the provider says. Answers fill in what is not known, and lower the trust in
 * what they disprove; nothing raises it. Each thing that is found to differ from the specification is told once.
 */
export class LearnedCapabilities {
  #current: Capabilities
  readonly #lessons: Lesson[] = []
  readonly #onLesson: (lesson: Lesson) => void
  /** Whether a list was ever answered, so that the endpoint must be right. */
  #hasListed = false

  /** @param onLesson called once for each thing learned */
  constructor(initial: Capabilities, onLesson: (lesson: Lesson) => void = () => {}) {
    this.#current = initial
    this.#onLesson = onLesson
  }

  get current(): Capabilities {
    return this.#current
  }

  /** What was learned so far, oldest first. */
  get lessons(): readonly Lesson[] {
    return this.#lessons
  }

  /** Learns from a list. */
  observePage(query: ListQuery, page: PinPage): void {
    this.#hasListed = true
    if (page.pins.length === 0) return
    // That it is in the list, and not just in the answer to the one who sent it, shows that it is kept.
    if (page.pins.some((pin) => pin.operationId !== undefined)) this.#fill({ keepsMeta: true })
    const times = page.pins.map((pin) => pin.created)
    this.#observeDigits(times)
    this.#observeOrder(times)
    this.#observeTimeFilter(query, times)
    if (query.statuses.length > 1) this.#fill({ multiStatus: true })
    this.#observeFilters(query, page.pins)
  }

  /**
   * Learns from a list that was refused with 404, in a service's words and not a web server's.
   *
   * @returns true when it is an empty list; false when it may as well be a wrong endpoint
   */
  observeListNotFound(): boolean {
    if (!this.#current.emptyListIs404 && this.#hasListed) {
      this.learn({ emptyListIs404: true }, 'emptyListIs404', 'a list without pins was 404')
    }
    return this.#current.emptyListIs404
  }

  /** Learns from the answer to an add or replacement. That `meta` is in it may be an echo, and proves nothing. */
  observeAdded(asked: NewPin, pin: Pin): void {
    if (asked.operationId !== undefined && pin.operationId === undefined) this.observeLostMeta()
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

  /** Notes that a list has nothing of what its count promised. */
  observeWrongCount(sent: PinQuery): void {
    const { count } = this.#current
    if (count === 'unreliable') return
    // What the count of a filtered list leaves out may still be right of all pins.
    const now = isUnfiltered(sent) || count === 'everything' ? 'unreliable' : 'everything'
    this.learn({ count: now }, 'count', 'count spoke of pins that no list had')
  }

  /** Notes that a list of some statuses counted just what it had, which were fewer than all. */
  observeRightCount(): void {
    this.#fill({ count: 'total' })
  }

  /** Notes that all statuses together brought pins that were missing from a list of some. */
  observeLateStatusFilter(): void {
    this.learn({ statusFilter: 'unusable' }, 'statusFilter', 'a list was cut before its statuses were looked at')
  }

  /** Notes whether a list of several statuses finds pins where a list of one does. */
  observeMultiStatus(works: boolean): void {
    if (works) this.#fill({ multiStatus: true })
    else {
      // Who takes several statuses for one does so with CIDs.
      const change = { multiStatus: false, cidFilter: 'unusable' } as const
      this.learn(change, 'multiStatus', 'a list of several statuses was empty, one of one was not')
    }
  }

  /** Takes a change over, once. */
  learn(change: Partial<Capabilities>, capability: keyof Capabilities, proof: string): void {
    this.#current = { ...this.#current, ...change }
    const lesson = { capability, proof }
    this.#lessons.push(lesson)
    this.#onLesson(lesson)
  }

  /** Takes over what was not known. */
  #fill(found: Partial<Capabilities>): void {
    const isNew = Object.keys(found).some((key) => this.#current[key as keyof Capabilities] === null)
    if (isNew) this.#current = { ...this.#current, ...found }
  }

  #observeDigits(times: readonly Instant[]): void {
    // Zeros at the end may be trimmed, so the longest seen counts.
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
      (latest !== null && ns > latest.ns + SLACK_NS) || (earliest !== null && ns < earliest.ns - SLACK_NS)
    if (outside.some(isFar)) {
      this.learn({ timeFilter: 'unusable' }, 'timeFilter', 'a list had pins far from the time asked for')
    } else if (timeFilter === 'exact' && outside.length > 0) {
      this.learn({ timeFilter: 'loose' }, 'timeFilter', 'a list had pins on the border of the time asked for')
    }
  }

  #observeFilters(query: ListQuery, pins: readonly Pin[]): void {
    const { cids, name, match = 'exact', statuses, meta } = query
    const all = { statuses: PIN_STATUSES }
    const { cidFilter, nameFilter, statusFilter, metaFilter, namesPinsByCid } = this.#current
    if (cids && cidFilter === 'exact' && !pins.every(createPinFilter({ ...all, cids }))) {
      this.learn({ cidFilter: 'loose' }, 'cidFilter', 'a list had CIDs that were not asked for')
    }
    const isNameTrusted = name !== undefined && nameFilter[match] === 'exact' && !namesPinsByCid
    if (isNameTrusted && !pins.every(createPinFilter({ ...all, name, match }))) {
      this.learn(
        { nameFilter: { ...nameFilter, [match]: 'loose' } },
        'nameFilter',
        `match=${match} returned other names`,
      )
    }
    if (statusFilter === 'exact' && !pins.every(createPinFilter({ statuses }))) {
      this.learn({ statusFilter: 'loose' }, 'statusFilter', 'a list had statuses that were not asked for')
    }
    if (meta && metaFilter === 'exact' && !pins.every(createPinFilter({ ...all, meta }))) {
      this.learn({ metaFilter: 'loose' }, 'metaFilter', 'a list had pins without the meta asked for')
    }
  }
}
