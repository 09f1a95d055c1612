import type { Pin } from '../../domain/pin.ts'
import { RECORD_LIFETIME_MS, recordIdOf, type WriteRecord, type WriteRecords } from './write-records.ts'

/** Write records that end with the process. For tests, and for gateways without a data directory. */
export class MemoryWriteRecords implements WriteRecords {
  /** Oldest first. */
  readonly #records = new Map<string, WriteRecord>()
  readonly #wallNow: () => number

  /** @param wallNow returns Unix milliseconds */
  constructor(wallNow: () => number) {
    this.#wallNow = wallNow
  }

  async find(tenantKey: string, key: string): Promise<WriteRecord | null> {
    this.#removeExpired()
    return this.#records.get(recordIdOf({ tenantKey, key })) ?? null
  }

  async begin(record: WriteRecord): Promise<boolean> {
    this.#removeExpired()
    if (this.#records.has(recordIdOf(record))) return false
    this.#records.set(recordIdOf(record), record)
    return true
  }

  async forget(record: WriteRecord): Promise<void> {
    this.#records.delete(recordIdOf(record))
  }

  async markUnknown(record: WriteRecord): Promise<void> {
    this.#change(record, { state: 'unknown', result: null })
  }

  async finish(record: WriteRecord, pin: Pin, options: { exclusive?: boolean } = {}): Promise<boolean> {
    const isPin = ({ key, result }: WriteRecord): boolean => key !== record.key && result?.requestId === pin.requestId
    if (options.exclusive && this.#of(record.tenantKey).some(isPin)) return false
    this.#change(record, { state: 'done', result: pin })
    return true
  }

  async planSweep(record: WriteRecord, sweepId: string): Promise<void> {
    this.#change(record, { sweepId })
  }

  async endSweep(record: WriteRecord, sweepId: string): Promise<void> {
    if (this.#records.get(recordIdOf(record))?.sweepId === sweepId) this.#change(record, { sweepId: null })
  }

  async unfinished(tenantKey: string): Promise<WriteRecord[]> {
    return this.#of(tenantKey).filter(({ state, sweepId }) => state !== 'done' || sweepId !== null)
  }

  async claimed(tenantKey: string, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    const results = new Set(this.#of(tenantKey).map(({ result }) => result?.requestId))
    return new Set(requestIds.filter((requestId) => results.has(requestId)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#records.clear()
  }

  #change(record: WriteRecord, change: Partial<WriteRecord>): void {
    const current = this.#records.get(recordIdOf(record))
    if (current) this.#records.set(recordIdOf(record), { ...current, ...change })
  }

  #of(tenantKey: string): WriteRecord[] {
    this.#removeExpired()
    return [...this.#records.values()].filter((record) => record.tenantKey === tenantKey)
  }

  #removeExpired(): void {
    const expired = this.#wallNow() - RECORD_LIFETIME_MS
    for (const [id, { startedAt }] of this.#records) {
      if (startedAt > expired) return
      this.#records.delete(id)
    }
  }
}
