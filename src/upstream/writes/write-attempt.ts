import { OutcomeUnknownError } from '../../domain/change-errors.ts'
import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { DuplicatePinError } from '../http/refusals.ts'
import { sleep } from '../sleep.ts'
import { createPinMatcher, type MatchedPins } from './match-pin.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { isOutcomeUnknown, sendWrite } from './send-write.ts'
import { WriteCompletion } from './write-completion.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** Milliseconds between the looks at a service that gave no answer: some show a new pin only after a while. */
const PROBE_DELAYS_MS = [500, 1000, 2000, 4000]

/** How long after a write that was sent twice a service may still carry out the first of the two. */
const LATE_MS = 60_000

/**
 * The part of 25 s that a write may take where a call may take 10: one request, the looks after it, and one request more.
 */
const WRITE_TIMEOUT_FACTOR = 2.5

/**
 * One try to bring a recorded write to its end.
 *
 * A request whose outcome is unknown is never just sent again: first the service's list of that CID is looked at, and
 * where the service keeps `meta`, the operation id in it tells for certain whether the pin is there. A pin is only ever
 * sent twice with the same operation id, so that a second one can be told from all others, and removed.
 */
export class WriteAttempt {
  readonly #requests: WriteRequests
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  /** Undefined until a list is looked at, which the usual write has no need of. */
  #matcher: ReturnType<typeof createPinMatcher> | undefined
  readonly #deadline: number
  readonly #signal: AbortSignal
  #candidates: readonly Pin[] = []
  #cause: unknown
  #wasRepeated = false
  readonly #completion: WriteCompletion

  /** @param signal ends the waiting between looks; the outcome is unknown then */
  constructor(requests: WriteRequests, records: WriteRecords, record: WriteRecord, signal: AbortSignal) {
    this.#requests = requests
    this.#records = records
    this.#record = record
    this.#deadline = requests.clock.now() + WRITE_TIMEOUT_FACTOR * requests.timeoutMs
    this.#signal = signal
    this.#completion = new WriteCompletion(requests, record)
  }

  /**
   * Sends a write that was never sent before.
   *
   * @throws {OutcomeUnknownError} when nobody can tell whether it was made; every other error but the next says that it was not
   * @throws {UnchangedPinError} when the answer is not what the replacement asked for. If the service made it in part,
   *   `candidates` has the new pin
   */
  async perform(): Promise<Pin> {
    const { replaces } = this.#record.write
    try {
      return await this.#completion.complete(await this.#send())
    } catch (error) {
      // To a replacement the pin in the way is no answer: it has another name, and the old one is still there.
      if (error instanceof DuplicatePinError && !replaces) return this.#adoptDuplicate(error)
      if (!isOutcomeUnknown(error)) throw error
      this.#cause = error
      return this.#settle(PROBE_DELAYS_MS)
    }
  }

  /**
   * Finds out what became of a write that was sent before, and sends it again where that is safe.
   *
   * @throws {OutcomeUnknownError} when nobody can tell whether it was made
   * @throws {UnchangedPinError} as `perform`
   */
  resume(): Promise<Pin> {
    return this.#settle([0, ...PROBE_DELAYS_MS])
  }

  /**
   * Looks once whether the write was made, and sends nothing. Null when that does not show.
   *
   * @throws {UnchangedPinError} as `perform`
   */
  async look(): Promise<Pin | null> {
    const pin = await this.#look(null)
    return pin && this.#completion.complete(pin)
  }

  /**
   * Removes, a minute later, what a request that was given up on has made since. Does nothing where the write was sent
   * once only.
   *
   * @param kept the write's result
   */
  async sweep(kept: Pin): Promise<void> {
    if (!this.#wasRepeated || kept.operationId !== this.#record.operationId) return
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
    if (pin) return this.#completion.complete(pin)
    throw outcomeUnknown(this.#requests.service, this.#record, this.#candidates, this.#cause)
  }

  /** Sends it again, and looks again, since the first request may have been carried out late. */
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

  /** @param answered a pin of this operation that the list need not show */
  async #look(answered: Pin | null): Promise<Pin | null> {
    const { mine, similar } = this.#match(await this.#listInTime())
    // Some services answer with a pin that was there before, which is nobody's to remove.
    const isMine = answered?.operationId === this.#record.operationId
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
    const { clock, service } = this.#requests
    const late = new AbortController()
    const reason = new ServiceUnavailableError(`${service} did not show its pins in time`, { service })
    const timer = clock.setTimeout(() => late.abort(reason), this.#deadline - clock.now())
    try {
      const signal = AbortSignal.any([this.#signal, late.signal])
      return await this.#requests.lookupContent(this.#record.write.pin.cid, { signal })
    } finally {
      timer.cancel()
    }
  }

  /** Without the results of other writes. */
  async #unclaimed(pins: readonly Pin[]): Promise<readonly Pin[]> {
    if (pins.length === 0) return pins
    const requestIds = pins.map(({ requestId }) => requestId)
    const claimed = await this.#records.claimed(this.#record.tenant, requestIds)
    return pins.filter(({ requestId }) => !claimed.has(requestId))
  }

  async #removeDuplicates(kept: Pin, duplicates: readonly Pin[]): Promise<void> {
    for (const { requestId } of duplicates) await this.#completion.removeOrUnknown(requestId, [kept, ...duplicates])
  }

  #send(): Promise<Pin> {
    return sendWrite(this.#requests, this.#record, this.#deadline)
  }

  /** The pin that is in the way is what was asked for: this CID, pinned. */
  async #adoptDuplicate(refusal: DuplicatePinError): Promise<Pin> {
    for (const delayMs of [0, ...PROBE_DELAYS_MS]) {
      await sleep(this.#requests.clock, delayMs, { signal: this.#signal })
      const [pin] = await this.#requests.lookupContent(this.#record.write.pin.cid)
      if (pin) return pin
    }
    throw refusal
  }

  /** Whether that nothing was found means something, so that a second pin, should there be one, would be found too. */
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
