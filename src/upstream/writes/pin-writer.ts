import { randomUUID } from 'node:crypto'
import { IdempotencyConflictError, OutcomeUnknownError, UnchangedPinError } from '../../domain/change-errors.ts'
import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'
import type { RequestIds, StopSignal } from '../stop.ts'
import { untilAborted } from '../until-aborted.ts'
import { type PinChanges, writeOf } from './replacement.ts'
import { WriteAttempt } from './write-attempt.ts'
import { fingerprintOf } from './write-codec.ts'
import type { WriteJournal } from './write-journal.ts'
import type { Write, WriteRecord } from './write-records.ts'
import { WriteRequests, type WritingTenant } from './write-requests.ts'

/** A write and what was there before it, as its record keeps them. */
type Prepared = Pick<WriteRecord, 'write' | 'before'>
/** Finds out what to write. */
type Prepare = (requests: WriteRequests) => Promise<Write>

/** A write that may not be on record yet. */
interface Plan {
  readonly key: string
  readonly fingerprint: string
  readonly isReplacement: boolean
  readonly prepare: Prepare
}

/** How many unfinished writes of a tenant are looked for when it connects. */
const MAX_LOOKS = 1000

/**
 * One tenant's writes. Adds and replacements are made at most once for their key, as far as the service lets that be known.
 *
 * @see docs/decisions/0005-exactly-once.md
 */
export class PinWriter {
  readonly #tenant: WritingTenant
  readonly #journal: WriteJournal

  constructor(tenant: WritingTenant, journal: WriteJournal) {
    this.#tenant = tenant
    this.#journal = journal
  }

  /**
   * Adds a pin, or finds out what became of an earlier add of the same key.
   *
   * The same key with the same input waits for the write in flight, or gets the pin of the one that is done.
   *
   * @param key the client's, or one made for this write
   * @param signal aborts it as long as nothing was sent to change anything
   * @throws {IdempotencyConflictError} the key was used for another write within 24 hours
   * @throws {ServiceUnavailableError} the signal was aborted, or the service failed
   * @throws {OutcomeUnknownError} nobody can tell whether it was made; every other error says that it was not
   */
  add(pin: NewPin, key: string, signal?: StopSignal): Promise<Pin> {
    const write = { pin, replaces: null }
    const fingerprint = fingerprintOf(pin, null)
    return this.#run({ key, fingerprint, isReplacement: false, prepare: async () => write }, signal)
  }

  /**
   * Replaces a pin, as {@link add} adds one. The old pin is read only after no earlier write of the key was found.
   *
   * @throws {PinNotFoundError} the pin to replace is not there
   * @throws {UnchangedPinError} the service answered with success, but not with the pin that was asked for. If the service made
   *   the replacement in part, `candidates` has the new pin; no other error but `OutcomeUnknownError` leaves that open
   */
  replace(ref: PinRef, changes: PinChanges, key: string, signal?: StopSignal): Promise<Pin> {
    const fingerprint = fingerprintOf(changes, ref.requestId)
    const prepare: Prepare = (requests) => writeOf(ref, changes, requests)
    return this.#run({ key, fingerprint, isReplacement: true, prepare }, signal)
  }

  /** Removes a pin. It can be aborted at any time. */
  remove(requestId: string, options: TenantCallOptions): Promise<void> {
    return this.#requestsOf({}).removePin(requestId, options)
  }

  /** Looks, in the background, what became of the writes that an earlier process left unfinished. Sends nothing. */
  lookForUnfinished(): void {
    this.#journal.runInBackground(async () => {
      const records = await this.#journal.records.unfinished(this.#tenant.account.key)
      await Promise.allSettled(records.slice(0, MAX_LOOKS).map((record) => this.#lookFor(record)))
    })
  }

  async #lookFor(record: WriteRecord): Promise<void> {
    if (this.#journal.isRunning(record)) return
    const pin = await this.#attempt(this.#requestsOf({}), record).look()
    if (pin) await this.#journal.records.finish(record, pin)
  }

  #run(plan: Plan, signal?: StopSignal): Promise<Pin> {
    const { service, key: tenant } = this.#tenant.account
    const { key, fingerprint } = plan
    const work = (operations: RequestIds): Promise<Pin> => this.#write(this.#requestsOf(operations), plan, signal)
    return this.#journal.run({ service: service.name, tenant, key, fingerprint }, work, signal)
  }

  #requestsOf(operations: RequestIds): WriteRequests {
    return new WriteRequests(this.#tenant, operations)
  }

  async #write(requests: WriteRequests, plan: Plan, signal?: StopSignal): Promise<Pin> {
    const { records } = this.#journal
    const { key, fingerprint } = plan
    // An add reads nothing first where the service keeps `meta`. As most keys are new, it does not look for its own either.
    let isKnown = plan.isReplacement || requests.capabilities.keepsMeta === false
    for (;;) {
      const known = isKnown ? await records.find(requests.key, key) : null
      if (known && known.fingerprint !== fingerprint) throw new IdempotencyConflictError(requests.service, key)
      if (known?.result) return known.result
      if (known) return this.#finish(requests, known, (attempt) => attempt.resume())

      const record: WriteRecord = {
        tenant: requests.key,
        key,
        fingerprint,
        operationId: newOperationId(),
        startedAt: Date.now(),
        state: 'pending',
        ...(await this.#prepare(requests, plan.prepare, signal)),
        result: null,
      }
      if (await records.begin(record)) return this.#finish(requests, record, (attempt) => attempt.perform())
      // The key is not new, or another process was first.
      isKnown = true
    }
  }

  /** All that is read before anything is sent to change anything. */
  async #prepare(requests: WriteRequests, prepare: Prepare, signal?: StopSignal): Promise<Prepared> {
    const read = async (): Promise<Prepared> => {
      const write = await prepare(requests)
      return { write, before: await this.#listBefore(requests, write) }
    }
    try {
      return await untilAborted(read(), signal)
    } catch (cause) {
      if (!signal?.aborted) throw cause
      const { service } = requests
      throw new ServiceUnavailableError(`${service} was not asked for a change: it did not answer a read in time`, {
        service,
        cause,
      })
    }
  }

  /** Without `meta`, only what was there before tells a new pin from an old one. */
  async #listBefore(requests: WriteRequests, { pin }: Write): Promise<string[] | null> {
    if (requests.capabilities.keepsMeta !== false) return null
    return (await requests.lookupContent(pin.cid)).map(({ requestId }) => requestId)
  }

  async #finish(
    requests: WriteRequests,
    record: WriteRecord,
    run: (attempt: WriteAttempt) => Promise<Pin>,
  ): Promise<Pin> {
    const { records } = this.#journal
    const attempt = this.#attempt(requests, record)
    try {
      const pin = await run(attempt)
      await records.finish(record, pin)
      this.#journal.runInBackground(() => attempt.sweep(pin))
      return pin
    } catch (error) {
      // What was made in part must be found again by its key.
      const isMade = error instanceof UnchangedPinError && error.candidates.length > 0
      if (isMade || error instanceof OutcomeUnknownError) await records.markUnknown(record)
      else if (error instanceof PinqlError) await records.forget(record)
      throw error
    }
  }

  #attempt(requests: WriteRequests, record: WriteRecord): WriteAttempt {
    return new WriteAttempt(requests, this.#journal.records, record, this.#journal.signal)
  }
}

/** The digits of a random UUID. Node makes the random bits of many at once, and 16 bytes alone would cost ten times as much. */
function newOperationId(): string {
  return randomUUID().replaceAll('-', '')
}
