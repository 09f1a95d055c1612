import { PinqlError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { PlannedSweep } from './planned-sweep.ts'
import { sendWrite } from './send-write.ts'
import { sweepDuplicates } from './sweep-duplicates.ts'
import type { WriteCompletion } from './write-completion.ts'
import { isFound, type LookResult, WriteLooks } from './write-looks.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** Milliseconds before each look for the pin of a write without an answer. Some services list a new pin only after a while. */
export const LOOK_DELAYS_MS = [500, 1000, 2000, 4000]

export interface WriteRecoveryOptions {
  readonly completion: WriteCompletion
  /** Clock time by which everything but a sweep must have ended. */
  readonly deadline: number
  /** Ends the pauses between looks. The outcome is then unknown. */
  readonly signal: AbortSignal
}

/**
 * Completes a write that was sent, and whose outcome is unknown.
 *
 * First, pinql looks for the pin in the service's list of that CID. Where the service keeps `meta`, the write's id in it shows for
 * certain whether the pin exists. Only an answer can show that: as long as no look is answered, no second request is sent. A second
 * request has the same id as the first. So a second pin can be told from all others, and removed.
 */
export class WriteRecovery {
  readonly #requests: WriteRequests
  readonly #record: WriteRecord
  readonly #options: WriteRecoveryOptions
  readonly #looks: WriteLooks
  readonly #sweep: PlannedSweep

  constructor(requests: WriteRequests, records: WriteRecords, record: WriteRecord, options: WriteRecoveryOptions) {
    this.#requests = requests
    this.#record = record
    this.#options = options
    this.#sweep = new PlannedSweep(records, record)
    this.#looks = new WriteLooks(requests, records, record, { ...options, sweep: this.#sweep })
  }

  /** Id of the sweep that is due. Null for none. */
  get sweepId(): string | null {
    return this.#sweep.id
  }

  /** Finds out the outcome of a write whose request has just failed. See `WriteAttempt.resume`. */
  afterFailure(error: unknown): Promise<Pin> {
    this.#looks.lastError = error
    return this.#settle(LOOK_DELAYS_MS)
  }

  /** Finds out the outcome of a write that was sent some time ago. See `WriteAttempt.resume`. */
  resume(): Promise<Pin> {
    return this.#settle([0, ...LOOK_DELAYS_MS])
  }

  /**
   * Looks once for the pin of the write. It does not send the write again, but it removes duplicates and the replaced pin.
   * Null when no pin is found.
   *
   * @throws {UnchangedPinError} see `WriteAttempt.perform`
   * @throws {OutcomeUnknownError} when a removal fails
   */
  async look(): Promise<Pin | null> {
    const pin = await this.#looks.once()
    return pin && this.#options.completion.complete(pin)
  }

  /**
   * Removes the duplicates that an unanswered request makes later, and those that could not be removed before. If the service
   * does not answer in time, the sweep stays due on record.
   *
   * @param isRunning returns whether another attempt at the same write is in flight
   * @see {@link sweepDuplicates} for when it looks, and how often
   */
  async sweep(isRunning: () => boolean): Promise<void> {
    const { clock } = this.#requests
    const { completion, signal } = this.#options
    const remove = (requestId: string): Promise<void> => completion.remove(requestId)
    const isSwept = await sweepDuplicates(this.#looks.pins, { clock, signal, isRunning, remove })
    if (isSwept) await this.#sweep.end()
  }

  async #settle(delaysMs: readonly number[]): Promise<Pin> {
    let finding = await this.#looks.until(delaysMs)
    if (finding === 'absent' && (await this.#mayRepeat())) finding = await this.#repeat()
    if (isFound(finding)) return this.#options.completion.complete(finding)
    const { candidates, lastError } = this.#looks
    throw outcomeUnknown(this.#requests.serviceName, this.#record, candidates, lastError)
  }

  /** Sends the write again, and then looks again, since the service may have carried out the first request late. */
  async #repeat(): Promise<LookResult> {
    await this.#sweep.plan()
    let answered: Pin
    try {
      answered = await sendWrite(this.#requests, this.#record, this.#options.deadline)
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      this.#looks.lastError = error
      return this.#looks.until(LOOK_DELAYS_MS)
    }
    return this.#looks.beside(answered)
  }

  /**
   * Returns whether a write that the last answer did not show may be sent again: there is time left, and the answer would
   * have shown the pin of the first request. Then the service will show a second pin, too.
   */
  async #mayRepeat(): Promise<boolean> {
    if (!this.#looks.hasTime()) return false
    try {
      return await this.#requests.showsWrites()
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      return false
    }
  }
}
