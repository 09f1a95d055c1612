import { randomUUID } from 'node:crypto'
import { IdempotencyConflictError, OutcomeUnknownError, UnchangedPinError } from '../../domain/change-errors.ts'
import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import type { SignalOptions, TenantCallOptions } from '../service/tenant-call-options.ts'
import type { WaitingOperations } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { RecordsUnavailableError, recordsFailed } from './records-unavailable.ts'
import { type PinChanges, writeOf } from './replacement.ts'
import { WriteAttempt } from './write-attempt.ts'
import { fingerprintOf } from './write-codec.ts'
import type { WriteJournal } from './write-journal.ts'
import type { Write, WriteRecord } from './write-records.ts'
import { WriteRequests, type WritingTenant } from './write-requests.ts'

/** A write, and the pins of its CID that were there before, as its record keeps them. */
type PreparedWrite = Pick<WriteRecord, 'write' | 'before'>
/** Determines what to write. It may read the old pin. */
type Prepare = (requests: WriteRequests) => Promise<Write>

/** A write that may not be recorded yet. */
interface Plan {
  readonly key: string
  readonly fingerprint: string
  readonly isReplacement: boolean
  readonly prepare: Prepare
}

/** Maximum number of a tenant's unfinished writes that are looked for when the tenant connects. */
const MAX_LOOKS = 1000

/**
 * One tenant's writes. An add or replacement is made at most once per key, as far as the service allows that to be known.
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
   * Adds a pin, or finds out the outcome of an earlier add with the same key.
   *
   * A call with the same key and the same input waits for the write in flight, or returns the pin of the finished one.
   *
   * @param key the client's idempotency key, or a key made for this write
   * @param options.signal aborts the write until something was sent that may change pins. After that, the write is completed.
   * @throws {IdempotencyConflictError} the key was used for another write within 24 hours
   * @throws {ServiceUnavailableError} the signal was aborted, the service failed, or the write cannot be recorded
   * @throws {OutcomeUnknownError} it cannot be known whether the pin was added. Every other error means that it was not
   *   added.
   */
  add(pin: NewPin, key: string, options: SignalOptions = {}): Promise<Pin> {
    const write = { pin, replaces: null }
    const fingerprint = fingerprintOf(pin, null)
    return this.#run({ key, fingerprint, isReplacement: false, prepare: async () => write }, options)
  }

  /**
   * Replaces a pin, in the same way as {@link add} adds one. The old pin is read only if no earlier write with the key is
   * found.
   *
   * @throws {PinNotFoundError} the pin to replace does not exist
   * @throws {UnchangedPinError} the service answered with success, but not with the requested pin. If the service made part
   *   of the replacement, `candidates` contains the new pin. Apart from `OutcomeUnknownError`, every other error means that
   *   nothing was replaced.
   */
  replace(ref: PinRef, changes: PinChanges, key: string, options: SignalOptions = {}): Promise<Pin> {
    const fingerprint = fingerprintOf(changes, ref.requestId)
    const prepare: Prepare = (requests) => writeOf(ref, changes, requests)
    return this.#run({ key, fingerprint, isReplacement: true, prepare }, options)
  }

  /** Removes a pin. Can be aborted at any time. */
  remove(requestId: string, options: TenantCallOptions): Promise<void> {
    return this.#requestsOf({}).removePin(requestId, options)
  }

  /**
   * Looks, in the background, for the pins of writes that an earlier process left unfinished. It sends no write again, but
   * it removes duplicates and replaced pins. It also makes the sweeps that are still due. Where nothing is on record, it
   * sends nothing.
   */
  lookForUnfinished(): void {
    this.#journal.runInBackground(async () => {
      const records = await this.#journal.records.unfinished(this.#tenant.account.key)
      await Promise.allSettled(records.slice(0, MAX_LOOKS).map((record) => this.#lookFor(record)))
    })
  }

  async #lookFor(record: WriteRecord): Promise<void> {
    const attempt = this.#attempt(this.#requestsOf({}), record)
    try {
      if (record.result || this.#journal.isRunning(record)) return
      const pin = await attempt.look()
      if (pin) await this.#journal.records.finish(record, pin)
    } finally {
      this.#sweepLater(attempt, record)
    }
  }

  #run(plan: Plan, options: SignalOptions): Promise<Pin> {
    const { service, key: tenantKey } = this.#tenant.account
    const { key, fingerprint } = plan
    const work = (operations: WaitingOperations): Promise<Pin> =>
      this.#write(this.#requestsOf(operations), plan, options)
    return this.#journal.run({ serviceName: service.name, tenantKey, key, fingerprint }, work, options.signal)
  }

  #requestsOf(operations: WaitingOperations): WriteRequests {
    return new WriteRequests(this.#tenant, operations)
  }

  async #write(requests: WriteRequests, plan: Plan, options: SignalOptions): Promise<Pin> {
    const { records } = this.#journal
    const { key, fingerprint } = plan
    // Where the service keeps `meta`, an add begins without a read. It also does not look up its record, since most keys
    // are new.
    let isKnown = plan.isReplacement || requests.capabilities.keepsMeta === false
    for (;;) {
      const known = isKnown ? await unsent(requests, records.find(requests.tenantKey, key)) : null
      if (known && known.fingerprint !== fingerprint) throw new IdempotencyConflictError(requests.serviceName, key)
      if (known?.result) return known.result
      if (known) return this.#finish(requests, known, (attempt) => attempt.resume())

      const record: WriteRecord = {
        tenantKey: requests.tenantKey,
        key,
        fingerprint,
        writeId: newWriteId(),
        startedAt: this.#tenant.account.service.clock.wallNow(),
        state: 'pending',
        ...(await this.#prepare(requests, plan.prepare, options)),
        result: null,
        sweepId: null,
      }
      // From here on, the record outlives this process.
      if (await unsent(requests, records.begin(record)))
        return this.#finish(requests, record, (attempt) => attempt.perform())
      // The key is not new, or another process has recorded it meanwhile.
      isKnown = true
    }
  }

  /** Reads everything that is needed before a request that may change pins. */
  async #prepare(requests: WriteRequests, prepare: Prepare, { signal }: SignalOptions): Promise<PreparedWrite> {
    const read = async (): Promise<PreparedWrite> => {
      const write = await prepare(requests)
      return { write, before: await this.#listBefore(requests, write) }
    }
    try {
      return await untilAborted(read(), signal)
    } catch (cause) {
      if (!signal?.aborted) throw cause
      const { serviceName } = requests
      throw new ServiceUnavailableError(`${serviceName} was not asked for a change: it did not answer a read in time`, {
        service: serviceName,
        cause,
      })
    }
  }

  /** Lists the pins of the CID. Without `meta`, only this list can tell a new pin from an old one. */
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
      await ifPossible(records.finish(record, pin))
      return pin
    } catch (thrown) {
      // The records of other writes may be needed to tell which pin is this one's.
      const error =
        thrown instanceof RecordsUnavailableError ? outcomeUnknown(requests.serviceName, record, [], thrown) : thrown
      // A replacement that was made in part must be found again by its key.
      const isMade = error instanceof UnchangedPinError && error.candidates.length > 0
      if (isMade || error instanceof OutcomeUnknownError) await ifPossible(records.markUnknown(record))
      else if (error instanceof PinqlError) await ifPossible(records.forget(record))
      throw error
    } finally {
      this.#sweepLater(attempt, record)
    }
  }

  /** Makes the sweep that is due, if any, whatever the outcome: each of two unanswered requests may have made a pin. */
  #sweepLater(attempt: WriteAttempt, record: WriteRecord): void {
    const { sweepId } = attempt
    if (sweepId !== null) this.#journal.runSweep(sweepId, () => attempt.sweep(() => this.#journal.isRunning(record)))
  }

  #attempt(requests: WriteRequests, record: WriteRecord): WriteAttempt {
    return new WriteAttempt(requests, this.#journal.records, record, this.#journal.signal)
  }
}

/** Reads or begins a record. If that fails, nothing was sent. */
async function unsent<Result>({ serviceName }: WriteRequests, operation: Promise<Result>): Promise<Result> {
  try {
    return await operation
  } catch (error) {
    if (!(error instanceof RecordsUnavailableError)) throw error
    throw recordsFailed(serviceName, error)
  }
}

/**
 * Records an outcome, which the client is told in any case. If that fails, the record stays pending: the next write with the same key
 * looks for the pin at the service.
 */
async function ifPossible(operation: Promise<unknown>): Promise<void> {
  try {
    await operation
  } catch (error) {
    if (!(error instanceof RecordsUnavailableError)) throw error
  }
}

/**
 * Returns the digits of a random UUID. Node makes the random bits of many UUIDs at once; 16 random bytes alone would cost
 * ten times as much.
 */
function newWriteId(): string {
  return randomUUID().replaceAll('-', '')
}
