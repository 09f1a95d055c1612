import { setMaxListeners } from 'node:events'
import { IdempotencyConflictError, ServiceUnavailableError } from '../../domain/errors.ts'
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

/** A write that is in flight. */
interface RunningWrite {
  readonly fingerprint: string
  readonly operations: Set<RequestIds>
  readonly outcome: Promise<Pin>
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
   */
  async run(name: WriteName, work: (operations: RequestIds) => Promise<Pin>, operation: RequestIds = {}): Promise<Pin> {
    const id = idOf(name)
    const running = this.#running.get(id)
    if (running && running.fingerprint !== name.fingerprint) {
      throw new IdempotencyConflictError(name.service, name.key)
    }
    if (running) {
      running.operations.add(operation)
      return running.outcome
    }
    const operations = new Set([operation])
    const outcome = work({
      get requestIds() {
        return unionOfRequestIds(operations)
      },
    })
    this.#running.set(id, { fingerprint: name.fingerprint, operations, outcome })
    try {
      return await outcome
    } finally {
      operations.clear()
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
