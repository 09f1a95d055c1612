import { setMaxListeners } from 'node:events'
import { IdempotencyConflictError } from '../../domain/change-errors.ts'
import { ServiceUnavailableError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { type Asker, unionOfOperationIds, type WaitingOperations } from '../waiting/stop.ts'
import { recordIdOf, type WriteRecords } from './write-records.ts'

/** A tenant's write, identified by its key. */
export interface WriteName {
  /** Configured name of the service, for errors. */
  readonly serviceName: string
  readonly tenantKey: string
  readonly key: string
  readonly fingerprint: string
}

/** A write in flight. It is a class, since V8 allocates the getters of an object literal in the old generation. */
class RunningWrite implements WaitingOperations {
  readonly fingerprint: string
  /** Undefined as long as only the first operation waits. */
  #others: Set<WaitingOperations> | undefined
  #first: WaitingOperations | undefined
  /**
   * Undefined before the write begins and after it ends. A `Map` may keep a deleted entry in memory for a while, and must
   * not keep its result.
   */
  result: Promise<Pin> | undefined

  constructor(fingerprint: string, operation: WaitingOperations) {
    this.fingerprint = fingerprint
    this.#first = operation
  }

  get operationIds(): readonly string[] {
    return this.#first ? unionOfOperationIds([this.#first, ...(this.#others ?? [])]) : []
  }

  get asker(): Asker | undefined {
    return this.#first?.asker
  }

  join(operation: WaitingOperations): void {
    this.#others ??= new Set()
    this.#others.add(operation)
  }

  end(): void {
    this.#first = undefined
    this.#others = undefined
    this.result = undefined
  }
}

/**
 * All writes of all tenants: the recorded ones, and the ones in flight in this process.
 *
 * Disposing the journal ends the pauses between looks, and then waits for the writes in flight. Unfinished writes stay
 * recorded. The records stay open, for whoever opened them to close.
 */
export class WriteJournal implements AsyncDisposable {
  readonly records: WriteRecords
  readonly #running = new Map<string, RunningWrite>()
  readonly #background = new Set<Promise<void>>()
  /** Ids of the sweeps of duplicates that run in this process. */
  readonly #sweeps = new Set<string>()
  readonly #stop = new AbortController()

  constructor(records: WriteRecords) {
    this.records = records
    // Every waiting write listens to the signal. That is no leak.
    setMaxListeners(0, this.#stop.signal)
  }

  /** Aborted when the journal is disposed. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /**
   * Runs a write, or waits for the write in flight with the same key.
   *
   * @param work gets the operations that wait for the write. There are none once its outcome is known.
   * @param operation waits for the write
   * @throws {IdempotencyConflictError} when the write in flight has another fingerprint
   * @throws {ServiceUnavailableError} once the journal is disposed
   * @throws whatever `work` rejects with
   */
  async run(
    name: WriteName,
    work: (operations: WaitingOperations) => Promise<Pin>,
    operation: WaitingOperations = {},
  ): Promise<Pin> {
    if (this.#stop.signal.aborted)
      throw new ServiceUnavailableError('no more changes: the gateway is stopping', { service: name.serviceName })
    const id = recordIdOf(name)
    const running = this.#running.get(id)
    if (running && running.fingerprint !== name.fingerprint) {
      throw new IdempotencyConflictError(name.serviceName, name.key)
    }
    if (running?.result !== undefined) {
      running.join(operation)
      return running.result
    }
    const write = new RunningWrite(name.fingerprint, operation)
    const result = work(write)
    write.result = result
    this.#running.set(id, write)
    try {
      return await result
    } finally {
      write.end()
      this.#running.delete(id)
    }
  }

  isRunning(name: Pick<WriteName, 'tenantKey' | 'key'>): boolean {
    return this.#running.has(recordIdOf(name))
  }

  /**
   * Runs work that no operation waits for. Errors are ignored. Unfinished writes are looked for again when their tenant next
   * connects.
   */
  runInBackground(work: () => Promise<void>): void {
    const done = work()
      .catch(() => {})
      .finally(() => this.#background.delete(done))
    this.#background.add(done)
  }

  /** Runs a sweep of duplicates in the background, unless it runs already: an evicted tenant may connect again meanwhile. */
  runSweep(id: string, work: () => Promise<void>): void {
    if (this.#sweeps.has(id)) return
    this.#sweeps.add(id)
    this.runInBackground(() => work().finally(() => this.#sweeps.delete(id)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new ServiceUnavailableError('pinql is shutting down', { service: 'pinql', mayHaveActed: true }))
    const results = [...this.#running.values()].map(({ result }) => result)
    await Promise.allSettled([...results, ...this.#background])
  }
}
