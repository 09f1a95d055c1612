import { OutcomeUnknownError } from '../../domain/change-errors.ts'
import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { DuplicatePinError } from '../http/refusals.ts'
import { sleep } from '../waiting/sleep.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { createPinMatcher, type MatchedPins } from './pin-matcher.ts'
import { isOutcomeUnknown, sendWrite } from './send-write.ts'
import { WriteCompletion } from './write-completion.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** Milliseconds before each look for the pin of a write without an answer. Some services list a new pin only after a while. */
const PROBE_DELAYS_MS = [500, 1000, 2000, 4000]

/** Milliseconds after a repeated write during which a service may still carry out the first request. */
const LATE_MS = 60_000

/**
 * Time of a write, in times of one try: 25 s where a try may take 10 s. It covers one request, the looks after it, and one
 * more request.
 */
const WRITE_TIMEOUT_FACTOR = 2.5

/**
 * One attempt to complete a recorded write.
 *
 * A request whose outcome is unknown is never simply sent again. First, pinql looks for the pin in the service's list of
 * that CID. Where the service keeps `meta`, the write's id in it shows for certain whether the pin exists. A second
 * request has the same id as the first. So a second pin can be told from all others, and removed.
 */
export class WriteAttempt {
  readonly #requests: WriteRequests
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  /** Undefined until a list is read. Most writes never need one. */
  #matcher: ReturnType<typeof createPinMatcher> | undefined
  readonly #deadline: number
  readonly #signal: AbortSignal
  #candidates: readonly Pin[] = []
  #cause: unknown
  #wasRepeated = false
  readonly #completion: WriteCompletion

  /** @param signal ends the pauses between looks. The outcome is then unknown. */
  constructor(requests: WriteRequests, records: WriteRecords, record: WriteRecord, signal: AbortSignal) {
    this.#requests = requests
    this.#records = records
    this.#record = record
    this.#deadline = requests.clock.now() + WRITE_TIMEOUT_FACTOR * requests.timeoutMs
    this.#signal = signal
    this.#completion = new WriteCompletion(requests, record)
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
      this.#cause = error
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
    const pin = await this.#look(null)
    return pin && this.#complete(pin)
  }

  /**
   * Waits one minute, and then removes pins that an unanswered first request has made meanwhile. Does nothing if the write
   * was sent only once.
   *
   * @param kept the result of the write
   */
  async sweep(kept: Pin): Promise<void> {
    if (!this.#wasRepeated || kept.writeId !== this.#record.writeId) return
    const signal = this.#signal
    await sleep(this.#requests.clock, LATE_MS, { signal })
    const { mine } = this.#match(await this.#requests.lookupContent(this.#record.write.pin.cid, { signal }))
    const late = mine.filter(({ requestId }) => requestId !== kept.requestId)
    await Promise.all(late.map(({ requestId }) => this.#completion.remove(requestId)))
  }

  #match(pins: readonly Pin[]): MatchedPins {
    this.#matcher ??= createPinMatcher(this.#record)
    return this.#matcher(pins)
  }

  async #settle(delaysMs: readonly number[]): Promise<Pin> {
    let pin = await this.#probe(delaysMs, null)
    if (!pin && (await this.#mayRepeat())) pin = await this.#repeat()
    if (pin) return this.#complete(pin)
    throw outcomeUnknown(this.#requests.serviceName, this.#record, this.#candidates, this.#cause)
  }

  /** Sends the write again, and then looks again, since the service may have carried out the first request late. */
  async #repeat(): Promise<Pin | null> {
    this.#wasRepeated = true
    let answered: Pin | null = null
    try {
      answered = await this.#send()
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      this.#cause = error
    }
    return (await this.#probe(answered ? [0] : PROBE_DELAYS_MS, answered)) ?? answered
  }

  async #probe(delaysMs: readonly number[], answered: Pin | null): Promise<Pin | null> {
    for (const delayMs of delaysMs) {
      const { clock } = this.#requests
      if (this.#signal.aborted || clock.now() + delayMs >= this.#deadline) return null
      try {
        await sleep(clock, delayMs, { signal: this.#signal })
        const pin = await this.#look(answered)
        if (pin) return pin
      } catch (error) {
        if (!(error instanceof PinqlError) || error instanceof OutcomeUnknownError) throw error
        this.#cause = error
      }
    }
    return null
  }

  /** @param answered a pin of this write that the list need not contain */
  async #look(answered: Pin | null): Promise<Pin | null> {
    const { mine, similar } = this.#match(await this.#listInTime())
    // Some services answer with a pin that was there before. pinql must not remove that pin.
    const isMine = answered?.writeId === this.#record.writeId
    if (isMine && mine.every(({ requestId }) => requestId !== answered.requestId)) mine.push(answered)
    const [oldest, ...newer] = mine
    if (oldest) {
      await this.#removeDuplicates(oldest, newer)
      return oldest
    }
    this.#candidates = await this.#unclaimed(similar)
    const [only, ...others] = this.#candidates
    const isCertain = only && others.length === 0 && this.#record.before !== null
    return isCertain && (await this.#records.finish(this.#record, only, { exclusive: true })) ? only : null
  }

  async #listInTime(): Promise<readonly Pin[]> {
    const { clock, serviceName } = this.#requests
    const late = new AbortController()
    const reason = new ServiceUnavailableError(`${serviceName} did not show its pins in time`, { service: serviceName })
    const timer = clock.setTimeout(() => late.abort(reason), this.#deadline - clock.now())
    try {
      const signal = AbortSignal.any([this.#signal, late.signal])
      return await this.#requests.lookupContent(this.#record.write.pin.cid, { signal })
    } finally {
      timer.cancel()
    }
  }

  /** Returns the pins that are not the results of other writes. */
  async #unclaimed(pins: readonly Pin[]): Promise<readonly Pin[]> {
    if (pins.length === 0) return pins
    const requestIds = pins.map(({ requestId }) => requestId)
    const claimed = await this.#records.claimed(this.#record.tenantKey, requestIds)
    return pins.filter(({ requestId }) => !claimed.has(requestId))
  }

  async #removeDuplicates(kept: Pin, duplicates: readonly Pin[]): Promise<void> {
    for (const { requestId } of duplicates) await this.#completion.removeOrUnknown(requestId, [kept, ...duplicates])
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
   * Returns whether the write may be sent again: there is time left, and the service would have shown the pin of the first
   * request. Then it will show a second pin, too.
   */
  async #mayRepeat(): Promise<boolean> {
    if (this.#signal.aborted || this.#requests.clock.now() >= this.#deadline) return false
    try {
      return await this.#requests.showsWrites()
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      return false
    }
  }
}
