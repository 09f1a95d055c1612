import type { Pin } from '../../domain/pin.ts'
import { DuplicatePinError } from '../http/refusals.ts'
import { sleep } from '../waiting/sleep.ts'
import { isOutcomeUnknown, sendWrite } from './send-write.ts'
import { WriteCompletion } from './write-completion.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import { LOOK_DELAYS_MS, WriteRecovery } from './write-recovery.ts'
import type { WriteRequests } from './write-requests.ts'

/**
 * Time of a write, in times of one try: 25 s where a try may take 10 s. It covers one request, the looks after it, and one
 * more request.
 */
const WRITE_TIMEOUT_FACTOR = 2.5

/**
 * One attempt to complete a recorded write.
 *
 * A request whose outcome is unknown is never simply sent again: that is for {@link WriteRecovery}, which most attempts do not need.
 */
export class WriteAttempt {
  readonly #requests: WriteRequests
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  readonly #deadline: number
  readonly #signal: AbortSignal
  /** Of a replacement; null for an add. Made before the first request, since it notes what is known of the service by then. */
  readonly #completion: WriteCompletion | null
  #madeRecovery: WriteRecovery | undefined

  /** @param signal ends the pauses between looks. The outcome is then unknown. */
  constructor(requests: WriteRequests, records: WriteRecords, record: WriteRecord, signal: AbortSignal) {
    this.#requests = requests
    this.#records = records
    this.#record = record
    this.#deadline = requests.clock.now() + WRITE_TIMEOUT_FACTOR * requests.timeoutMs
    this.#signal = signal
    this.#completion = record.write.replaces ? new WriteCompletion(requests, record) : null
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
    try {
      const pin = await sendWrite(this.#requests, this.#record, this.#deadline)
      return await (this.#completion?.complete(pin) ?? pin)
    } catch (error) {
      // For a replacement, the existing pin is no result: it has another name, and the old pin still exists.
      if (error instanceof DuplicatePinError && !this.#completion) return this.#adoptDuplicate(error)
      if (!isOutcomeUnknown(error)) throw error
      return this.#recovery.afterFailure(error)
    }
  }

  /**
   * Finds out the outcome of a write that was sent before, and sends it again if that is safe.
   *
   * @throws {OutcomeUnknownError} when it cannot be known whether the write was made
   * @throws {UnchangedPinError} see `perform`
   */
  resume(): Promise<Pin> {
    return this.#recovery.resume()
  }

  /** See {@link WriteRecovery.look}. */
  look(): Promise<Pin | null> {
    return this.#recovery.look()
  }

  /** Id of the sweep that is due. Null if there can be no duplicates: the write was sent only once, and none was found. */
  get sweepId(): string | null {
    return this.#madeRecovery ? this.#madeRecovery.sweepId : this.#record.sweepId
  }

  /** See {@link WriteRecovery.sweep}. */
  sweep(isRunning: () => boolean): Promise<void> {
    return this.#recovery.sweep(isRunning)
  }

  get #recovery(): WriteRecovery {
    this.#madeRecovery ??= new WriteRecovery(this.#requests, this.#records, this.#record, {
      completion: this.#completion ?? new WriteCompletion(this.#requests, this.#record),
      deadline: this.#deadline,
      signal: this.#signal,
    })
    return this.#madeRecovery
  }

  /** Returns the existing pin of the CID, since the add asked for nothing else: this CID, pinned. */
  async #adoptDuplicate(refusal: DuplicatePinError): Promise<Pin> {
    for (const delayMs of [0, ...LOOK_DELAYS_MS]) {
      await sleep(this.#requests.clock, delayMs, { signal: this.#signal })
      const [pin] = await this.#requests.lookupContent(this.#record.write.pin.cid)
      if (pin) return pin
    }
    throw refusal
  }
}
