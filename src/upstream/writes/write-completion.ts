import { UnchangedPinError } from '../../domain/change-errors.ts'
import { PinNotFoundError, PinqlError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { ignoredPart, nativeTargetOf } from './replacement.ts'
import type { ReplacedPin, WriteRecord } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** The rest of a write after its pin was made: checks that it is the wanted pin, and removes other pins. */
export class WriteCompletion {
  readonly #requests: WriteRequests
  readonly #record: WriteRecord
  /** Value of `keepsMeta` before the write was sent. */
  readonly #keptMeta: boolean | null

  constructor(requests: WriteRequests, record: WriteRecord) {
    this.#requests = requests
    this.#record = record
    this.#keptMeta = requests.capabilities.keepsMeta
  }

  /**
   * Checks the pin of a replacement, and removes the old pin if the service did not. Returns the new pin.
   *
   * @throws {UnchangedPinError} when the pin is not what the replacement asked for
   * @throws {OutcomeUnknownError} when it cannot be known whether the pin is what the replacement asked for, or whether the
   *   old pin was removed
   */
  async complete(pin: Pin): Promise<Pin> {
    const { replaces } = this.#record.write
    if (replaces) await this.#refuseIgnored(replaces, pin)
    if (!replaces || pin.requestId === replaces.requestId) return pin
    if (this.#isNative) {
      this.#requests.noteReplaced(replaces.requestId, pin)
      return pin
    }
    await this.removeOrUnknown(replaces.requestId, [pin], pin)
    return pin
  }

  /**
   * Removes a pin.
   *
   * @param candidates the pins that exist for certain if the removal fails
   * @throws {OutcomeUnknownError} when it cannot be known whether the pin was removed
   */
  async removeOrUnknown(requestId: string, candidates: readonly Pin[], successor?: Pin): Promise<void> {
    await this.remove(requestId, successor).catch((cause) => {
      if (!(cause instanceof PinqlError)) throw cause
      throw outcomeUnknown(this.#requests.serviceName, this.#record, candidates, cause)
    })
  }

  /** Removes a pin, if it exists. */
  async remove(requestId: string, successor?: Pin): Promise<void> {
    await this.#requests.removePin(requestId, { successor }).catch((error) => {
      if (!(error instanceof PinNotFoundError)) throw error
    })
  }

  /**
   * Reads the pin that an answer names.
   *
   * @throws {OutcomeUnknownError} when the read fails. Then nothing shows which parts the pin has. "Not found" is no proof
   *   either, since some services show a new pin late.
   */
  #readOrUnknown(pin: Pin): Promise<Pin> {
    return this.#requests.getPin(pin.requestId).catch((cause) => {
      if (!(cause instanceof PinqlError)) throw cause
      throw outcomeUnknown(this.#requests.serviceName, this.#record, [pin], cause)
    })
  }

  /** True for a replacement with one `POST /pins/{requestid}`. */
  get #isNative(): boolean {
    return nativeTargetOf(this.#record.write, this.#requests.capabilities) !== null
  }

  /**
   * Does nothing if a pin is what the replacement asked for.
   *
   * @throws {UnchangedPinError} when it is not. A second pin that pinql made is removed first.
   * @throws {OutcomeUnknownError} when that cannot be known, or when the second pin cannot be removed
   */
  async #refuseIgnored(replaces: ReplacedPin, pin: Pin): Promise<void> {
    const { write, writeId, before, startedAt } = this.#record
    const { serviceName, capabilities } = this.#requests
    // An answer without `meta` does not disprove what was known before, since it may show another write's pin.
    const keepsMeta = this.#keptMeta === true ? true : capabilities.keepsMeta
    const state = { keepsMeta, before, startedAt }
    const wanted = { ...write.pin, writeId }
    const seen = ignoredPart(wanted, replaces, pin, state)
    // Some services answer with little more than the CID.
    const isBare = pin.writeId === undefined && Object.keys(pin.meta).length === 0
    const read = seen && isBare ? await this.#readOrUnknown(pin) : null
    const ignored = read ? ignoredPart(wanted, replaces, read, state) : seen
    if (!ignored) return
    const isMade = pin.requestId !== replaces.requestId && !ignored.isOthers
    const isReplaced = isMade && this.#isNative
    if (isReplaced) this.#requests.noteReplaced(replaces.requestId, pin)
    else if (isMade && pin.writeId === writeId) await this.removeOrUnknown(pin.requestId, [pin])
    throw new UnchangedPinError(serviceName, ignored, isReplaced ? [pin] : [])
  }
}
