import { OutcomeUnknownError } from '../../domain/change-errors.ts'
import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { sleep } from '../waiting/sleep.ts'
import type { MatchedPins } from './pin-matcher.ts'
import type { PlannedSweep } from './planned-sweep.ts'
import type { WriteCompletion } from './write-completion.ts'
import { WritePins } from './write-pins.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/**
 * The result of looks for the pin of a write:
 * - the pin.
 * - `absent`: the last look was answered, and the answer did not show the pin.
 * - `unseen`: the last look was not answered, or there was none. So nothing is known.
 */
export type LookResult = Pin | 'absent' | 'unseen'

/** Looks for the pin of a write, until a deadline. Of several pins with the write's id, it removes all but one. */
export class WriteLooks {
  /** The last error of a request of the write. */
  lastError: unknown
  readonly pins: WritePins
  readonly #requests: WriteRequests
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  readonly #completion: WriteCompletion
  readonly #sweep: PlannedSweep
  readonly #deadline: number
  readonly #signal: AbortSignal
  #candidates: readonly Pin[] = []

  /** @param options.deadline clock time by which every look must have ended. `options.signal` ends the looks earlier. */
  constructor(
    requests: WriteRequests,
    records: WriteRecords,
    record: WriteRecord,
    options: {
      readonly completion: WriteCompletion
      readonly sweep: PlannedSweep
      readonly deadline: number
      readonly signal: AbortSignal
    },
  ) {
    this.#requests = requests
    this.#records = records
    this.#record = record
    this.#completion = options.completion
    this.#sweep = options.sweep
    this.#deadline = options.deadline
    this.#signal = options.signal
    this.pins = new WritePins(requests, records, record)
  }

  /** Pins without an id that the write may have made, as the last answer showed them. */
  get candidates(): readonly Pin[] {
    return this.#candidates
  }

  /** True until the deadline, or until the signal is aborted. */
  hasTime(forMs = 0): boolean {
    return !this.#signal.aborted && this.#requests.clock.now() + forMs < this.#deadline
  }

  /**
   * Looks after each of the delays, until the pin is found. If the last of these looks is not answered, it goes on with the
   * same delay, until a look is answered or the time is over.
   *
   * @throws {OutcomeUnknownError} when a duplicate cannot be removed
   */
  async until(delaysMs: readonly number[]): Promise<LookResult> {
    let finding: LookResult = 'unseen'
    let delayMs = 0
    for (let count = 0; count < delaysMs.length || finding === 'unseen'; count++) {
      delayMs = delaysMs[count] ?? delayMs
      if (!this.hasTime(delayMs)) return finding
      finding = await this.#lookAfter(delayMs)
      if (isFound(finding)) return finding
    }
    return finding
  }

  /**
   * Looks once for other pins of the write beside one that was answered. If no look is answered, the answered pin stands.
   *
   * @throws {OutcomeUnknownError} when a duplicate cannot be removed
   */
  async beside(answered: Pin): Promise<Pin> {
    const finding = this.hasTime() ? await this.#lookAfter(0, answered) : 'unseen'
    return isFound(finding) ? finding : answered
  }

  /**
   * Looks once. Null when the answer does not show the pin.
   *
   * @param answered a pin of this write that the list need not contain
   * @throws {OutcomeUnknownError} when a duplicate cannot be removed
   * @throws {PinqlError} when the look is not answered
   */
  async once(answered?: Pin): Promise<Pin | null> {
    const { mine, similar } = await this.#listInTime()
    // Some services answer with a pin that was there before. pinql must not remove that pin.
    const isMine = answered?.writeId === this.#record.writeId
    if (answered && isMine && mine.every(({ requestId }) => requestId !== answered.requestId)) mine.push(answered)
    const [oldest, ...newer] = mine
    if (oldest) return this.#removeDuplicates([oldest, ...newer])
    this.#candidates = await this.pins.unclaimed(similar)
    const [only, ...others] = this.#candidates
    const isCertain = only && others.length === 0 && this.#record.before !== null
    return isCertain && (await this.#records.finish(this.#record, only, { exclusive: true })) ? only : null
  }

  async #lookAfter(delayMs: number, answered?: Pin): Promise<LookResult> {
    try {
      await sleep(this.#requests.clock, delayMs, { signal: this.#signal })
      return (await this.once(answered)) ?? 'absent'
    } catch (error) {
      if (!(error instanceof PinqlError) || error instanceof OutcomeUnknownError) throw error
      this.lastError = error
      return 'unseen'
    }
  }

  async #listInTime(): Promise<MatchedPins> {
    const { clock, serviceName } = this.#requests
    const late = new AbortController()
    const reason = new ServiceUnavailableError(`${serviceName} did not show its pins in time`, { service: serviceName })
    const timer = clock.setTimeout(() => late.abort(reason), this.#deadline - clock.now())
    try {
      return await this.pins.list({ signal: AbortSignal.any([this.#signal, late.signal]) })
    } finally {
      timer.cancel()
    }
  }

  /** Removes all of the write's pins but one, and returns that one. If a removal fails, a sweep stays planned. */
  async #removeDuplicates(mine: readonly [Pin, ...Pin[]]): Promise<Pin> {
    const { kept, duplicates } = await this.pins.divide(mine)
    if (duplicates.length === 0) return kept
    const wasDue = this.#sweep.id !== null
    if (!wasDue) await this.#sweep.plan()
    for (const { requestId } of duplicates) await this.#completion.removeOrUnknown(requestId, [kept, ...duplicates])
    if (!wasDue) await this.#sweep.end()
    return kept
  }
}

export function isFound(finding: LookResult): finding is Pin {
  return typeof finding !== 'string'
}
