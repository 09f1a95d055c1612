import { setMaxListeners } from 'node:events'
import { IdempotencyConflictError } from '../../domain/change-errors.ts'
import { ServiceUnavailableError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { type RequestIds, unionOfRequestIds } from '../stop.ts'
import { MemoryWriteRecords } from './memory-write-records.ts'
import type { WriteRecords } from './write-records.ts'

/** A write of a tenant, by its key. */
export interface WriteName {
  /** Configured name of the service, for errors. */
  readonly service: string
  readonly tenant: string
  readonly key: string
  readonly fingerprint: string
}

/** A write that is in flight. A class, since V8 makes the getters of an object literal in the old generation. */
class RunningWrite implements RequestIds {
  readonly fingerprint: string
  /** Undefined as long as only the first operation waits for it. */
  #others: Set<RequestIds> | undefined
  #first: RequestIds | undefined
  /** Undefined before it has begun, and once it is over: the map of writes may keep what is deleted from it for a while. */
  outcome: Promise<Pin> | undefined

  constructor(fingerprint: string, operation: RequestIds) {
    this.fingerprint = fingerprint
    this.#first = operation
  }

  get requestIds(): readonly string[] {
    return this.#first ? unionOfRequestIds([this.#first, ...(this.#others ?? [])]) : []
  }

  join(operation: RequestIds): void {
    this.#others ??= new Set()
    this.#others.add(operation)
  }

  end(): void {
    this.#first = undefined
    this.#others = undefined
    this.outcome = undefined
  }
}

/**
 * All writes of all tenants: those on record, and those under way in this process.
 *
 * Disposing it ends the probing; what is unfinished stays on record.
 */
export class WriteJournal implements AsyncDisposable {
  readonly records: WriteRecords
  readonly #running = new Map<string, RunningWrite>()
  readonly #background = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(records: WriteRecords = new MemoryWriteRecords()) {
    this.records = records
    // All writes that wait listen to it, and that is no leak.
    setMaxListeners(0, this.#stop.signal)
  }

  /** Aborted when the journal is disposed. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /**
   * Runs a write, or waits for the write of the same key that is in flight.
   *
   * @param work gets the request ids of the operations that wait for the write: none once its outcome is known
   * @param operation waits for the write
   * @throws {IdempotencyConflictError} when the write in flight asks for something else
   * @throws {ServiceUnavailableError} once the journal is disposed
   */
  async run(name: WriteName, work: (operations: RequestIds) => Promise<Pin>, operation: RequestIds = {}): Promise<Pin> {
    if (this.#stop.signal.aborted)
      throw new ServiceUnavailableError('no more changes: the gateway is stopping', { service: name.service })
    const id = idOf(name)
    const running = this.#running.get(id)
    if (running && running.fingerprint !== name.fingerprint) {
      throw new IdempotencyConflictError(name.service, name.key)
    }
    if (running?.outcome !== undefined) {
      running.join(operation)
      return running.outcome
    }
    const write = new RunningWrite(name.fingerprint, operation)
    const outcome = work(write)
    write.outcome = outcome
    this.#running.set(id, write)
    try {
      return await outcome
    } finally {
      write.end()
      this.#running.delete(id)
    }
  }

  isRunning(name: Pick<WriteName, 'tenant' | 'key'>): boolean {
    return this.#running.has(idOf(name))
  }

  /** Lets something go on that nobody waits for. It may fail: it will be tried again. */
  runInBackground(work: () => Promise<void>): void {
    const done = work()
      .catch(() => {})
      .finally(() => this.#background.delete(done))
    this.#background.add(done)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new ServiceUnavailableError('pinql is shutting down', { service: 'pinql', mayHaveActed: true }))
    const outcomes = [...this.#running.values()].map(({ outcome }) => outcome)
    await Promise.allSettled([...outcomes, ...this.#background])
    await this.records[Symbol.asyncDispose]()
  }
}

function idOf({ tenant, key }: Pick<WriteName, 'tenant' | 'key'>): string {
  return `${tenant}\n${key}`
}
