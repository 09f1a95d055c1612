import { randomBytes } from 'node:crypto'
import { IdempotencyConflictError, OutcomeUnknownError, PinqlError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { type PinChanges, writeOf } from './replacement.ts'
import { WriteAttempt } from './write-attempt.ts'
import { fingerprintOf } from './write-codec.ts'
import type { WriteJournal } from './write-journal.ts'
import type { Write, WriteRecord } from './write-records.ts'
import type { WriteTarget } from './write-target.ts'

/** How many unfinished writes of a tenant are looked for when it connects. */
const MAX_LOOKS = 1000

/**
 * One tenant's adds and replacements, each made at most once for its key, as far as the service lets that be known.
 *
 * @see docs/decisions/0005-exactly-once.md
 */
export class PinWriter {
  readonly #target: WriteTarget
  readonly #journal: WriteJournal

  constructor(target: WriteTarget, journal: WriteJournal) {
    this.#target = target
    this.#journal = journal
  }

  /**
   * Adds a pin, or finds out what became of an earlier add of the same key.
   *
   * The same key with the same input waits for the write in flight, or gets the pin of the one that is done.
   *
   * @param key the client's, or one made for this write
   * @throws {IdempotencyConflictError} the key was used for another write within 24 hours
   * @throws {OutcomeUnknownError} nobody can tell whether it was made; every other error says that it was not
   */
  add(pin: NewPin, key: string): Promise<Pin> {
    const write = { pin, replaces: null }
    return this.#run(key, fingerprintOf(pin, null), async () => write)
  }

  /**
   * Replaces a pin, as {@link add} adds one. The old pin is read only after no earlier write of the key was found.
   *
   * @throws {PinNotFoundError} the pin to replace is not there
   * @throws {UnchangedPinError} the service answered with success, but left the name or `meta` as it was
   */
  replace(ref: PinRef, changes: PinChanges, key: string): Promise<Pin> {
    const getPin = (requestId: string): Promise<Pin> => this.#target.getPin(requestId)
    return this.#run(key, fingerprintOf(changes, ref.requestId), () => writeOf(ref, changes, getPin))
  }

  /** Looks, in the background, what became of the writes that an earlier process left unfinished. Sends nothing. */
  lookForUnfinished(): void {
    this.#journal.runInBackground(async () => {
      const records = await this.#journal.records.unfinished(this.#target.key)
      await Promise.allSettled(records.slice(0, MAX_LOOKS).map((record) => this.#lookFor(record)))
    })
  }

  async #lookFor(record: WriteRecord): Promise<void> {
    if (this.#journal.isRunning(record)) return
    const pin = await this.#attempt(record).look()
    if (pin) await this.#journal.records.finish(record, pin)
  }

  #run(key: string, fingerprint: string, prepare: () => Promise<Write>): Promise<Pin> {
    const { service, key: tenant } = this.#target
    return this.#journal.run({ service, tenant, key, fingerprint }, () => this.#write(key, fingerprint, prepare))
  }

  async #write(key: string, fingerprint: string, prepare: () => Promise<Write>): Promise<Pin> {
    const { records } = this.#journal
    const known = await records.find(this.#target.key, key)
    if (known && known.fingerprint !== fingerprint) throw new IdempotencyConflictError(this.#target.service, key)
    if (known?.result) return known.result
    if (known) return this.#finish(known, (attempt) => attempt.resume())

    const write = await prepare()
    const record: WriteRecord = {
      tenant: this.#target.key,
      key,
      fingerprint,
      operationId: randomBytes(16).toString('hex'),
      startedAt: Date.now(),
      state: 'pending',
      write,
      before: await this.#listBefore(write),
      result: null,
    }
    // Another process may have been first.
    if (!(await records.begin(record))) return this.#write(key, fingerprint, prepare)
    return this.#finish(record, async (attempt) => {
      try {
        return await attempt.perform()
      } catch (error) {
        if (error instanceof PinqlError && !(error instanceof OutcomeUnknownError)) await records.forget(record)
        throw error
      }
    })
  }

  /** Without `meta`, only what was there before tells a new pin from an old one. */
  async #listBefore({ pin }: Write): Promise<string[] | null> {
    if (this.#target.capabilities.keepsMeta !== false) return null
    return (await this.#target.lookupContent(pin.cid)).map(({ requestId }) => requestId)
  }

  async #finish(record: WriteRecord, run: (attempt: WriteAttempt) => Promise<Pin>): Promise<Pin> {
    const { records } = this.#journal
    const attempt = this.#attempt(record)
    try {
      const pin = await run(attempt)
      await records.finish(record, pin)
      this.#journal.runInBackground(() => attempt.sweep(pin))
      return pin
    } catch (error) {
      if (error instanceof OutcomeUnknownError) await records.markUnknown(record)
      throw error
    }
  }

  #attempt(record: WriteRecord): WriteAttempt {
    return new WriteAttempt(this.#target, this.#journal.records, record, this.#journal.signal)
  }
}
