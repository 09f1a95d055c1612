import { UnauthorizedError } from '../../../src/domain/errors.ts'
import { isSettled, PIN_STATUSES, type Pin } from '../../../src/domain/pin.ts'
import { DEFAULT_KINDS, type PinEventKind } from '../../../src/live/live-event.ts'
import type { Selection } from '../../../src/live/selection.ts'
import { sleep } from '../../../src/upstream/waiting/sleep.ts'
import { ids, query } from '../model/start-model-live.ts'
import type { HistoryChecker, ToldPin } from './history-checker.ts'
import { ConnectionLost, type HistoryConnection, type HistoryStage } from './history-stage.ts'

/** Milliseconds on the clock that a client does not read, at most, and waits before it comes back. */
export const LONGEST_STALL_MS = 40_000
const LONGEST_ABSENCE_MS = 2_000

/** One subscriber, who comes back again and again. One of three names kinds of events, mostly. */
export class HistoryClient {
  readonly checker: HistoryChecker
  connections = 0
  readonly #stage: HistoryStage
  readonly #token: string
  readonly #random: () => number
  readonly #isChoosy: boolean
  #selection: Selection = query()
  #kinds: ReadonlySet<PinEventKind> | null = null
  #connection: HistoryConnection | null = null
  #stalledUntil = 0
  /** True once the client was told that all pins of its selection have settled. */
  #isSettled = false
  #isCalm = false
  #isFinished = false

  constructor(checker: HistoryChecker, stage: HistoryStage, token: string, random: () => number) {
    this.checker = checker
    this.#stage = stage
    this.#token = token
    this.#random = random
    this.#isChoosy = random() < 1 / 3
    this.#connect(false)
  }

  /** Leaves, comes back, or stops reading for a while. */
  meddle(): void {
    const chance = this.#random()
    if (chance < 0.3) this.#stalledUntil = this.#stage.clock.now() + this.#random() * LONGEST_STALL_MS
    else if (chance < 0.6) this.#connect(this.checker.cursor !== null)
    else if (chance < 0.9) this.#connect(false)
    else void this.close()
  }

  /** Reads on, and is there from now on. */
  calm(): void {
    this.#isCalm = true
    this.#stalledUntil = 0
    if (!this.#connection) this.#connect(false)
  }

  /** Comes back where it was. */
  resume(): void {
    this.#stalledUntil = 0
    this.#connect(this.checker.cursor !== null)
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    await connection?.return()
  }

  /** Leaves for good. */
  async finish(): Promise<void> {
    this.#isFinished = true
    await this.close()
  }

  /** True if the client is connected and knows the present state of its selection, or was told that all pins have settled. */
  get isUpToDate(): boolean {
    return this.#differences().length === 0
  }

  checkAtRest(): void {
    this.checker.violations.push(...this.#differences())
  }

  #differences(): string[] {
    if (this.#isSettled) return []
    // Who is about to come back has yet to be told, however long that takes.
    if (!this.#connection) return [`${this.checker.name}: not there`]
    const truth = this.#stage.upstream.pins(this.#token)
    const differences = this.checker.differences(truth, (pin) => this.#isWanted(pin))
    const isOver =
      this.checker.isComplete &&
      this.#endsOnceSettled &&
      ![...truth.values()].some((pin) => this.#isWanted(pin) && !isSettled(pin.status))
    return isOver ? [...differences, `${this.checker.name}: not told that all has settled`] : differences
  }

  get #endsOnceSettled(): boolean {
    return this.#selection.kind === 'ids' && this.#selection.untilSettled
  }

  #isWanted({ requestId, name, status }: ToldPin): boolean {
    if (this.#selection.kind === 'ids') {
      return this.#selection.refs.has(requestId) || this.checker.succeeds(requestId)
    }
    const { query } = this.#selection
    return (query.name === undefined || name === query.name) && query.statuses.includes(status)
  }

  #connect(isResumed: boolean): void {
    void this.close()
    if (!isResumed) this.#selection = this.#choose()
    // A cursor can be used with other kinds.
    if (this.#isChoosy && (!isResumed || this.#random() < 0.3)) this.#kinds = this.#chooseKinds()
    const kinds = this.#kinds
    this.checker.connected(isResumed, { kinds, isById: this.#selection.kind === 'ids' })
    this.connections++
    const options = { after: this.checker.cursor, kinds: kinds ?? undefined }
    const connection = this.#stage.open(this.#token, this.#selection, options)
    this.#connection = connection
    this.#isSettled = false
    void this.#read(connection)
  }

  async #read(connection: HistoryConnection): Promise<void> {
    const { clock, upstream } = this.#stage
    const isOver = (): boolean => this.#connection !== connection
    try {
      for (;;) {
        if (this.#stalledUntil > clock.now()) await sleep(clock, this.#stalledUntil - clock.now())
        const next = await connection.next()
        if (isOver()) return
        if (next.done) break
        this.checker.saw(next.value, upstream.pins(this.#token))
      }
      if (this.#selection.kind === 'ids') this.checker.settled(this.#selection.refs.keys())
      else this.checker.violations.push('a query came to an end')
      this.#connection = null
      this.#isSettled = true
    } catch (error) {
      if (isOver()) return
      this.#connection = null
      const isLost = error instanceof ConnectionLost
      if (!isLost && !(error instanceof UnauthorizedError)) this.checker.violations.push(`failed: ${error}`)
      if (isLost || this.#isCalm) await this.#comeBack()
    }
  }

  async #comeBack(): Promise<void> {
    await sleep(this.#stage.clock, this.#random() * LONGEST_ABSENCE_MS)
    if (!this.#connection && !this.#isFinished) this.#connect(this.checker.cursor !== null && this.#random() < 0.8)
  }

  #chooseKinds(): ReadonlySet<PinEventKind> | null {
    const chance = this.#random()
    if (chance < 0.2) return null
    if (chance < 0.5) return new Set([...DEFAULT_KINDS].filter((kind) => kind !== 'STALE' && kind !== 'RESUMED'))
    return new Set(['STATUS_CHANGED', ...[...DEFAULT_KINDS].filter(() => this.#random() < 0.5)] as const)
  }

  #choose(): Selection {
    const chance = this.#random()
    const pins: Pin[] = [...this.#stage.upstream.pins(this.#token).values()]
    if (chance < 0.3) return query()
    if (chance < 0.5) return query({ name: 'odd', statuses: ['pinned', 'failed'] })
    if (chance < 0.6) return query({ name: 'even', statuses: PIN_STATUSES })
    const some = pins.filter(() => this.#random() < 0.3)
    return ids(some.length > 0 ? some : pins.slice(0, 1), chance < 0.8)
  }
}
