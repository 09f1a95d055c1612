import { RateLimitedError } from '../../../domain/errors.ts'
import { type Turn, TurnQueue, turnOf } from '../../budget/turn-queue.ts'
import type { Account } from '../../service/account.ts'
import type { ClockTimer } from '../../waiting/clock.ts'
import { type Asker, Stop, type StopSignal } from '../../waiting/stop.ts'
import type { OtherLists } from './page-check.ts'

/** Longest pause between two looks. So lists that wait are let go within a second of the service going down. */
const LOOK_EVERY_MS = 1_000

/**
 * Wait for the budget that keeps no list from its check. At a limit of a minute the next slot is further away; at one of a second, lists
 * that begin only while nothing waits would leave half of it unused.
 */
const SHORT_WAIT_MS = 500

/** An operation whose list has ended may request another one at once. */
const IDLE_AFTER_MS = 100

/** A list that waits for its turn. */
interface Waiter {
  readonly asker: Asker | undefined
  /** Clock time after which it must not begin. */
  readonly lastStart: number
  /** Undefined once it waits no more. */
  turn: Turn<Waiter> | undefined
  begin(): void
  fail(reason: unknown): void
}

/** An answer that many lists may share, so that they need not be requested. */
export interface SharedAnswer<Value> {
  /** Returns false once there can be none. */
  mayBe(): boolean
  /** Null: the list has to be requested. */
  find(): Promise<Value | null>
}

/** Stands in the queue for a list that has ended, only to use up a turn of its caller. */
const ENDED_LIST: Waiter = { asker: undefined, lastStart: 0, turn: undefined, begin() {}, fail() {} }

/**
 * Lets the lists of a stranger begin in turn, so that a burst of them leaves budget for their checks.
 *
 * A list that cannot be checked is no answer, and its request is wasted. So a list begins only while the budget has room soon
 * for the list, for a check of it, and for a check of each list that has begun. Otherwise it waits until another list has ended,
 * or the budget has room. Checks that other lists have made superfluous leave their room to the next lists.
 */
export class ListTurns implements OtherLists {
  readonly #account: Account
  readonly #onIdle: () => void
  readonly #queue = new TurnQueue<Waiter>()
  /** The lists of the queue by arrival, so that the first of them is late before the others. */
  readonly #byArrival = new Set<Waiter>()
  /** Number of lists that have begun and not ended. */
  #begun = 0
  /** Number of lists that are to be answered with others, if they can. */
  #sharing = 0
  /** Called when a list ends. */
  readonly #onEnd = new Set<() => void>()
  /** Number of begun lists whose first request has not come to the budget yet. */
  #starting = 0
  #timer: ClockTimer | undefined
  #idle: ClockTimer | undefined

  /** @param onIdle called a moment after the last list has ended */
  constructor(account: Account, onIdle: () => void) {
    this.#account = account
    this.#onIdle = onIdle
  }

  /** Returns the number of lists that have begun or wait, without the one that asks. */
  count(): number {
    return this.#begun + this.#sharing + this.#queue.size - 1
  }

  haveRoom(): boolean {
    return this.#hasRoom
  }

  areWaiting = (): boolean => this.#sharing + this.#queue.size > 0

  /**
   * Reads a list in its turn. Callers take turns, as in the budget.
   *
   * @param read gets the clock time at which the wait began
   * @param shared an answer that needs no turn, for a list that would have to wait for one
   * @throws {RateLimitedError} at once when the list would not begin in time; later when others delayed it past that time
   * @throws `signal.reason` when aborted while it waits
   * @throws whatever `read` throws
   */
  async run<Value>(
    signal: StopSignal,
    read: (askedAt: number) => Promise<Value>,
    shared: SharedAnswer<Value>,
  ): Promise<Value> {
    const askedAt = this.#account.service.clock.now()
    const { asker } = signal
    if (this.#queue.size === 0 && this.#hasRoom) this.#begin()
    else {
      const answer = shared.mayBe() && !this.#isDown ? await this.#share(signal, shared) : null
      if (answer !== null) return answer
      await this.#wait(signal, askedAt)
    }
    let isOver = false
    const end = (): void => {
      if (!isOver) {
        isOver = true
        this.#begun--
        this.#hadTurn(asker)
      }
      for (const each of [...this.#onEnd]) each()
      this.#serve()
      this.#noteIdle()
    }
    // An aborted list may still wait for the question of another. It needs no room any more.
    signal.addEventListener('abort', end)
    try {
      const reading = read(askedAt)
      this.#starting--
      return await reading
    } finally {
      signal.removeEventListener('abort', end)
      end()
    }
  }

  #noteIdle(): void {
    if (this.#begun + this.#sharing + this.#queue.size > 0) return
    this.#idle?.cancel()
    this.#idle = this.#account.service.clock.setTimeout(() => {
      this.#idle = undefined
      if (this.#begun + this.#sharing + this.#queue.size === 0) this.#onIdle()
    }, IDLE_AFTER_MS)
  }

  /** Waits until a list that has begun shows how the service lists, for a moment at most, and then for the shared answer. */
  async #share<Value>(signal: StopSignal, shared: SharedAnswer<Value>): Promise<Value | null> {
    this.#sharing++
    try {
      await this.#nextEnd()
      return signal.aborted ? null : await shared.find()
    } finally {
      this.#sharing--
      this.#noteIdle()
    }
  }

  /** Resolves when a list ends, or after a second. */
  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.#onEnd.delete(end)
        resolve()
      }
      const timer = this.#account.service.clock.setTimeout(end, LOOK_EVERY_MS)
      this.#onEnd.add(end)
    })
  }

  #begin(): void {
    this.#begun++
    this.#starting++
  }

  /** Puts a caller behind the callers that came to wait during its turn. */
  #hadTurn(asker: Asker | undefined): void {
    if (this.#queue.size > 0) this.#queue.remove(this.#queue.append(ENDED_LIST, turnOf(asker)), { isServed: true })
  }

  get #hasRoom(): boolean {
    if (this.#begun === 0) return true
    // While the service is down, each call has a wait of its own.
    return this.#isDown || this.#waitMs(undefined, this.#behind) <= SHORT_WAIT_MS
  }

  /**
   * Number of requests for which a list that begins now must leave room: the first requests that have not come yet, a check of each
   * list that has begun, and a check of its own.
   */
  get #behind(): number {
    return this.#starting + this.#begun + 1
  }

  get #isDown(): boolean {
    const { service, key } = this.#account
    return service.isDownFor(key)
  }

  #waitMs(asker: Asker | undefined, behind: number): number {
    const { service, key: tenantKey } = this.#account
    return service.budget.expectedWaitMs({ tenantKey, endpoint: 'list', class: 'interactive', asker }, behind)
  }

  async #wait(signal: StopSignal, askedAt: number): Promise<void> {
    const { asker } = signal
    const lastStart = this.#account.service.lastStartOf(askedAt, signal.endsAt)
    const path = turnOf(asker)
    signal.throwIfAborted()
    if (askedAt + this.#waitMs(asker, this.#queue.ahead(path)) > lastStart) throw this.#refusal(asker, 0)
    let leave = (): void => {}
    const begun = new Promise<void>((resolve, reject) => {
      const waiter: Waiter = { asker, lastStart, turn: undefined, begin: resolve, fail: reject }
      waiter.turn = this.#queue.append(waiter, path)
      this.#byArrival.add(waiter)
      leave = () => {
        this.#leave(waiter, { isServed: false })
        reject(signal.reason)
      }
      const join = (another: Asker): void => {
        if (waiter.turn) this.#queue.join(waiter.turn, turnOf(another))
      }
      if (signal instanceof Stop) signal.onAsker = join
    })
    signal.addEventListener('abort', leave)
    this.#serve()
    try {
      await begun
    } finally {
      signal.removeEventListener('abort', leave)
      if (signal instanceof Stop) signal.onAsker = undefined
    }
  }

  /** Lets lists begin, refuses those that are too late, and plans the next time. */
  #serve(): void {
    const { clock } = this.#account.service
    this.#timer?.cancel()
    this.#timer = undefined
    for (let next = this.#queue.first; next && this.#hasRoom; next = this.#queue.first) {
      this.#leave(next, { isServed: true })
      this.#begin()
      next.begin()
    }
    const now = clock.now()
    const late: Waiter[] = []
    for (const waiter of this.#byArrival) {
      if (waiter.lastStart > now) break
      late.push(waiter)
    }
    // None of them waits any more when the others are told their times.
    for (const waiter of late) this.#leave(waiter, { isServed: false })
    // They have waited for the room of checks. Without it, they would be told to come back at once.
    for (const waiter of late) waiter.fail(this.#refusal(waiter.asker, this.#behind))
    const [oldest] = this.#byArrival
    if (oldest === undefined) return
    const roomInMs = this.#waitMs(undefined, this.#behind) - SHORT_WAIT_MS
    const waitMs = Math.min(oldest.lastStart - now, roomInMs, LOOK_EVERY_MS)
    this.#timer = clock.setTimeout(() => this.#serve(), Math.max(1, waitMs))
  }

  /** Takes a list out of the queue, if it still waits. */
  #leave(waiter: Waiter, served: { readonly isServed: boolean }): void {
    if (waiter.turn) this.#queue.remove(waiter.turn, served)
    waiter.turn = undefined
    this.#byArrival.delete(waiter)
  }

  /** @param behind number of requests for which the list must leave room */
  #refusal(asker: Asker | undefined, behind: number): RateLimitedError {
    const { name, budget } = this.#account.service
    const request = { tenantKey: this.#account.key, endpoint: 'list', class: 'interactive', asker } as const
    // The budget also refuses lists that have begun. Only it knows which times were told.
    return new RateLimitedError(name, budget.refuse(request, behind + this.#queue.ahead(turnOf(asker))))
  }
}
