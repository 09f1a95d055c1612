import { parseInstant } from '../domain/instant.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import type { Capabilities } from './capabilities.ts'
import { createPinFilter, type ListQuery } from './list-query.ts'
import type { PinPage } from './wire.ts'

/** One thing that an answer proved. */
export interface Lesson {
  readonly capability: keyof Capabilities
  /** What was seen, in a sentence. */
  readonly proof: string
}

/**
 * What is known of a service's capabilities, and what its answers teach beyond it.
 *
 * Learning only ever lowers trust: a list in order proves nothing, one out of order does. What the configuration or the
 * provider says is where it starts.
 */
export class LearnedCapabilities {
  #current: Capabilities
  readonly #lessons: Lesson[] = []
  readonly #onLesson: (lesson: Lesson) => void

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
    const times = page.pins.map((pin) => parseInstant(pin.created))
    this.#observeDigits(times)
    this.#observeOrder(times.map(({ ns }) => ns))
    this.#observeTimeFilter(
      query,
      times.map(({ ns }) => ns),
    )
    this.#observeFilters(query, page.pins)
  }

  /** Learns from the answer to an add or replacement. */
  observeAdded(asked: NewPin, pin: Pin): void {
    if (Object.keys(asked.meta).length === 0 || this.#current.keepsMeta === false) return
    const keeps = Object.entries(asked.meta).every(([key, value]) => pin.meta[key] === value)
    if (!keeps)
      this.learn({ keepsMeta: false, metaFilter: 'unusable' }, 'keepsMeta', 'meta that was sent did not come back')
    else if (this.#current.keepsMeta === null) this.#current = { ...this.#current, keepsMeta: true }
  }

  /** Notes that lists and counts disagree. */
  observeWrongCount(): void {
    if (this.#current.count !== 'matching') return
    this.learn({ count: 'unreliable' }, 'count', 'count spoke of pins that no list had')
  }

  /** Takes a change over, once. */
  learn(change: Partial<Capabilities>, capability: keyof Capabilities, proof: string): void {
    this.#current = { ...this.#current, ...change }
    const lesson = { capability, proof }
    this.#lessons.push(lesson)
    this.#onLesson(lesson)
  }

  #observeDigits(times: readonly { digits: number }[]): void {
    // Zeros at the end may be trimmed, so the longest seen counts.
    const digits = times.reduce((most, time) => Math.max(most, time.digits), this.#current.createdDigits ?? -1)
    if (digits >= 0 && digits !== this.#current.createdDigits)
      this.#current = { ...this.#current, createdDigits: digits }
  }

  #observeOrder(times: readonly bigint[]): void {
    const { order } = this.#current
    if (order === 'none') return
    const descends = times.every((ns, index) => index === 0 || ns <= (times[index - 1] as bigint))
    const ascends = times.every((ns, index) => index === 0 || ns >= (times[index - 1] as bigint))
    if (order === 'newest-first' ? descends : ascends) return
    this.learn(
      { order: ascends ? 'oldest-first' : 'none' },
      'order',
      ascends ? 'a list came oldest first' : 'a list came unsorted',
    )
  }

  #observeTimeFilter(query: ListQuery, times: readonly bigint[]): void {
    if (this.#current.timeFilter !== 'exact') return
    // Some services round to the next second, which is harmless.
    const slack = 1_000_000_000n
    const before = query.before === undefined ? null : parseInstant(query.before).ns + slack
    const after = query.after === undefined ? null : parseInstant(query.after).ns - slack
    if (times.some((ns) => (before !== null && ns > before) || (after !== null && ns < after))) {
      this.learn({ timeFilter: 'loose' }, 'timeFilter', 'a list had pins outside the time asked for')
    }
  }

  #observeFilters(query: ListQuery, pins: readonly Pin[]): void {
    const { cids, name, match = 'exact', statuses, meta } = query
    const all = { statuses: ['queued', 'pinning', 'pinned', 'failed'] } as const
    const { cidFilter, nameFilter, statusFilter, metaFilter } = this.#current
    if (cids && cidFilter === 'exact' && !pins.every(createPinFilter({ ...all, cids }))) {
      this.learn({ cidFilter: 'loose' }, 'cidFilter', 'a list had CIDs that were not asked for')
    }
    if (name !== undefined && nameFilter[match] === 'exact' && !pins.every(createPinFilter({ ...all, name, match }))) {
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
