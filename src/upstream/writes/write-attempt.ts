import { PinqlError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { DuplicatePinError } from '../http/refusals.ts'
import { sleep } from '../waiting/sleep.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { PlannedSweep } from './planned-sweep.ts'
import { isOutcomeUnknown, sendWrite } from './send-write.ts'
import { sweepDuplicates } from './sweep-duplicates.ts'
import { WriteCompletion } from './write-completion.ts'
import { isFound, type LookResult, WriteLooks } from './write-looks.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** Milliseconds before each look for the pin of a write without an answer. Some services list a new pin only after a while. */
const PROBE_DELAYS_MS = [500, 1000, 2000, 4000]

/**
 * Time of a write, in times of one try: 25 s where a try may take 10 s. It covers one request, the looks after it, and one
 * more request.
 */
const WRITE_TIMEOUT_FACTOR = 2.5

/**
 * One attempt to complete a recorded write.
 *
 * A request whose outcome is unknown is never simply sent again. First, pinql looks for the pin in the service's list of
 * that CID. Where the service keeps `meta`, the write's id in it shows for certain whether the pin exists. Only an answer
 * can show that: as long as no look is answered, no second request is sent. A second request has the same id as the first.
 * So a second pin can be told from all others, and removed.
 */
export class WriteAttempt {
  readonly #requests: WriteRequests
  readonly #record: WriteRecord
  readonly #looks: WriteLooks
  readonly #deadline: number
  readonly #signal: AbortSignal
  readonly #completion: WriteCompletion
  readonly #sweep: PlannedSweep

  /** @param signal ends the pauses between looks. The outcome is then unknown. */
  constructor(requests: WriteRequests, records: WriteRecords, record: WriteRecord, signal: AbortSignal) {
    this.#requests = requests
    this.#record = record
    this.#deadline = requests.clock.now() + WRITE_TIMEOUT_FACTOR * requests.timeoutMs
    this.#signal = signal
    const completion = new WriteCompletion(requests, record)
    const sweep = new PlannedSweep(records, record)
    this.#completion = completion
    this.#sweep = sweep
    this.#looks = new WriteLooks(requests, records, record, { completion, sweep, deadline: this.#deadline, signal })
  }

  /**
   * Sends a write that was not sent before.
   *
   * @throws {UnchangedPinError} when the answer is not what the replacement asked for. If the service made part of it,
   *   `candidates` contains the new pin.
   * @throws {OutcomeUnknownError} when it cannot be known whether the write was made. Every error other than these two
   *   means that it was not made.
   */
  async perform(): Promise<Pin> {
    const { replaces } = this.#record.write
    try {
      return await this.#complete(await this.#send())
    } catch (error) {
      // For a replacement, the existing pin is no result: it has another name, and the old pin still exists.
      if (error instanceof DuplicatePinError && !replaces) return this.#adoptDuplicate(error)
      if (!isOutcomeUnknown(error)) throw error
      this.#looks.lastError = error
      return this.#settle(PROBE_DELAYS_MS)
    }
  }

  /**
   * Finds out the outcome of a write that was sent before, and sends it again if that is safe.
   *
   * @throws {OutcomeUnknownError} when it cannot be known whether the write was made
   * @throws {UnchangedPinError} see `perform`
   */
  resume(): Promise<Pin> {
    return this.#settle([0, ...PROBE_DELAYS_MS])
  }

  /**
   * Looks once for the pin of the write. It does not send the write again, but it removes duplicates and the replaced pin.
   * Null when no pin is found.
   *
   * @throws {UnchangedPinError} see `perform`
   * @throws {OutcomeUnknownError} when a removal fails
   */
  async look(): Promise<Pin | null> {
    const pin = await this.#looks.once()
    return pin && this.#complete(pin)
  }

  /** Id of the sweep that is due. Null if there can be no duplicates: the write was sent only once, and none was found. */
  get sweepId(): string | null {
    return this.#sweep.id
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
    const remove = (requestId: string): Promise<void> => this.#completion.remove(requestId)
    const isSwept = await sweepDuplicates(this.#looks.pins, { clock, signal: this.#signal, isRunning, remove })
    if (isSwept) await this.#sweep.end()
  }

  async #settle(delaysMs: readonly number[]): Promise<Pin> {
    let finding = await this.#looks.until(delaysMs)
    if (finding === 'absent' && (await this.#mayRepeat())) finding = await this.#repeat()
    if (isFound(finding)) return this.#complete(finding)
    const { candidates, lastError } = this.#looks
    throw outcomeUnknown(this.#requests.serviceName, this.#record, candidates, lastError)
  }

  /** Sends the write again, and then looks again, since the service may have carried out the first request late. */
  async #repeat(): Promise<LookResult> {
    await this.#sweep.plan()
    let answered: Pin
    try {
      answered = await this.#send()
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      this.#looks.lastError = error
      return this.#looks.until(PROBE_DELAYS_MS)
    }
    return this.#looks.beside(answered)
  }

  /** Returns the pin of an add as it is: only a replacement has more to do. */
  #complete(pin: Pin): Pin | Promise<Pin> {
    return this.#record.write.replaces ? this.#completion.complete(pin) : pin
  }

  #send(): Promise<Pin> {
    return sendWrite(this.#requests, this.#record, this.#deadline)
  }

  /** Returns the existing pin of the CID, since the add asked for nothing else: this CID, pinned. */
  async #adoptDuplicate(refusal: DuplicatePinError): Promise<Pin> {
    for (const delayMs of [0, ...PROBE_DELAYS_MS]) {
      await sleep(this.#requests.clock, delayMs, { signal: this.#signal })
      const [pin] = await this.#requests.lookupContent(this.#record.write.pin.cid)
      if (pin) return pin
    }
    throw refusal
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
