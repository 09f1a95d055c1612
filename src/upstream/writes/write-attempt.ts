import { OutcomeUnknownError, UnchangedPinError } from '../../domain/change-errors.ts'
import { isSameCid } from '../../domain/cid.ts'
import { MalformedResponseError, PinNotFoundError, PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import { DuplicatePinError, OriginsRefusedError, WrongEndpointError } from '../http/refusals.ts'
import { sleep } from '../sleep.ts'
import { createPinMatcher, type MatchedPins } from './match-pin.ts'
import { publicOrigins } from './public-origins.ts'
import { ignoredPart, nativeTargetOf } from './replacement.ts'
import type { ReplacedPin, WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteTarget } from './write-target.ts'

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
  readonly #target: WriteTarget
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  /** Undefined until a list is looked at, which the usual write has no need of. */
  #matcher: ReturnType<typeof createPinMatcher> | undefined
  readonly #deadline: number
  readonly #signal: AbortSignal
  #candidates: readonly Pin[] = []
  #cause: unknown
  #wasRepeated = false
  /** Whether the service was known to keep `meta` before the attempt. */
  readonly #keptMeta: boolean | null

  /** @param signal ends the waiting between looks; the outcome is unknown then */
  constructor(target: WriteTarget, records: WriteRecords, record: WriteRecord, signal: AbortSignal) {
    this.#target = target
    this.#records = records
    this.#record = record
    this.#deadline = target.clock.now() + WRITE_TIMEOUT_FACTOR * target.timeoutMs
    this.#signal = signal
    this.#keptMeta = target.capabilities.keepsMeta
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
      return await this.#complete(await this.#send())
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
    return pin && this.#complete(pin)
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
    await sleep(this.#target.clock, LATE_MS, { signal })
    const { mine } = this.#match(await this.#target.lookupContent(this.#record.write.pin.cid, { signal }))
    const late = mine.filter(({ requestId }) => requestId !== kept.requestId)
    await Promise.all(late.map(({ requestId }) => this.#remove(requestId)))
  }

  #match(pins: readonly Pin[]): MatchedPins {
    this.#matcher ??= createPinMatcher(this.#record)
    return this.#matcher(pins)
  }

  get #nativeTarget(): string | null {
    return nativeTargetOf(this.#record.write, this.#target.capabilities)
  }

  async #settle(delaysMs: readonly number[]): Promise<Pin> {
    let pin = await this.#probe(delaysMs, null)
    if (!pin && (await this.#mayRepeat())) pin = await this.#repeat()
    if (pin) return this.#complete(pin)
    throw this.#unknown(this.#candidates, this.#cause)
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
      const { clock } = this.#target
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
    const { clock, service } = this.#target
    const late = new AbortController()
    const reason = new ServiceUnavailableError(`${service} did not show its pins in time`, { service })
    const timer = clock.setTimeout(() => late.abort(reason), this.#deadline - clock.now())
    try {
      const signal = AbortSignal.any([this.#signal, late.signal])
      return await this.#target.lookupContent(this.#record.write.pin.cid, { signal })
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
    for (const { requestId } of duplicates) await this.#removeOrUnknown(requestId, [kept, ...duplicates])
  }

  /** One POST; a second one where the service refused the origins, or ignored the CID of a replacement. */
  async #send(): Promise<Pin> {
    const { write, operationId } = this.#record
    const replaced = this.#nativeTarget
    const pin = await this.#sendWithFewerOrigins({ ...write.pin, operationId }, replaced)
    if (isSameCid(pin.cid, write.pin.cid)) return pin
    if (replaced === null) {
      const { service } = this.#target
      throw new MalformedResponseError(`${service} answered with a pin of another CID than it was asked for`, {
        service,
      })
    }
    this.#target.observeIgnoredCid()
    try {
      return await this.#send()
    } catch (cause) {
      // The old pin has its name and meta changed by now, so that a plain refusal would not be the whole truth.
      throw cause instanceof PinqlError && !isOutcomeUnknown(cause) ? this.#unknown([], cause) : cause
    }
  }

  async #sendWithFewerOrigins(pin: NewPin, replaced: string | null): Promise<Pin> {
    try {
      return await this.#post(pin, replaced)
    } catch (error) {
      if (!(error instanceof OriginsRefusedError) || pin.origins.length === 0) throw error
      const reachable = publicOrigins(pin.origins)
      const origins = reachable.length < pin.origins.length ? reachable : []
      return this.#sendWithFewerOrigins({ ...pin, origins }, replaced)
    }
  }

  #post(pin: NewPin, replaced: string | null): Promise<Pin> {
    const { clock, timeoutMs } = this.#target
    // A call's time counts from then, and must not go beyond the write's.
    const askedAt = Math.min(clock.now(), this.#deadline - timeoutMs)
    const old = this.#record.write.replaces?.requestId ?? null
    return this.#target.post(pin, { replaced, old, askedAt })
  }

  /** What remains after the new pin is there: to remove the old one, where the service did not. */
  async #complete(pin: Pin): Promise<Pin> {
    const { replaces } = this.#record.write
    if (replaces) await this.#refuseIgnored(replaces, pin)
    if (!replaces || pin.requestId === replaces.requestId) return pin
    if (this.#nativeTarget !== null) {
      this.#target.noteReplaced(replaces.requestId, pin)
      return pin
    }
    await this.#removeOrUnknown(replaces.requestId, [pin], pin)
    return pin
  }

  /**
   * Does nothing where a pin is what the replacement asked for.
   *
   * @throws {UnchangedPinError} when it is not. A second pin that pinql made is removed again
   */
  async #refuseIgnored(replaces: ReplacedPin, pin: Pin): Promise<void> {
    const { write, operationId, before, startedAt } = this.#record
    const { service, capabilities } = this.#target
    // What an answer without meta teaches is no reason to doubt what was known: it may be another's pin.
    const keepsMeta = this.#keptMeta === true ? true : capabilities.keepsMeta
    const state = { keepsMeta, before, startedAt }
    const wanted = { ...write.pin, operationId }
    const seen = ignoredPart(wanted, replaces, pin, state)
    // Some services answer with little more than the CID.
    const isBare = pin.operationId === undefined && Object.keys(pin.meta).length === 0
    const read = seen && isBare ? await this.#target.getPin(pin.requestId).catch(() => null) : null
    const ignored = read ? ignoredPart(wanted, replaces, read, state) : seen
    if (!ignored) return
    const isMade = pin.requestId !== replaces.requestId && !ignored.isOthers
    const isReplaced = isMade && this.#nativeTarget !== null
    if (isReplaced) this.#target.noteReplaced(replaces.requestId, pin)
    else if (isMade && pin.operationId === operationId) await this.#removeOrUnknown(pin.requestId, [pin])
    throw new UnchangedPinError(service, ignored, isReplaced ? [pin] : [])
  }

  /** @param candidates the pins that are there for certain, should the removal fail */
  async #removeOrUnknown(requestId: string, candidates: readonly Pin[], successor?: Pin): Promise<void> {
    await this.#remove(requestId, successor).catch((cause) => {
      throw cause instanceof PinqlError ? this.#unknown(candidates, cause) : cause
    })
  }

  async #remove(requestId: string, successor?: Pin): Promise<void> {
    await this.#target.removePin(requestId, { successor }).catch((error) => {
      if (!(error instanceof PinNotFoundError)) throw error
    })
  }

  /** The pin that is in the way is what was asked for: this CID, pinned. */
  async #adoptDuplicate(refusal: DuplicatePinError): Promise<Pin> {
    for (const delayMs of [0, ...PROBE_DELAYS_MS]) {
      await sleep(this.#target.clock, delayMs, { signal: this.#signal })
      const [pin] = await this.#target.lookupContent(this.#record.write.pin.cid)
      if (pin) return pin
    }
    throw refusal
  }

  /** Whether that nothing was found means something, so that a second pin, should there be one, would be found too. */
  async #mayRepeat(): Promise<boolean> {
    if (this.#signal.aborted || this.#target.clock.now() >= this.#deadline) return false
    try {
      return await this.#target.showsWrites()
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      return false
    }
  }

  #unknown(candidates: readonly Pin[], cause: unknown): OutcomeUnknownError {
    const { operationId, key } = this.#record
    return new OutcomeUnknownError(this.#target.service, { operationId, idempotencyKey: key, candidates, cause })
  }
}

function isOutcomeUnknown(error: unknown): boolean {
  return (
    (error instanceof ServiceUnavailableError && error.mayHaveActed) ||
    // A success that cannot be read is a success all the same.
    (error instanceof MalformedResponseError && !(error instanceof WrongEndpointError))
  )
}
