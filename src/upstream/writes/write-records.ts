import type { NewPin, Pin } from '../../domain/pin.ts'

/** A change that makes a pin: an add or a replacement. */
export interface Write {
  readonly pin: NewPin
  /** The pin to be replaced; null for an add. */
  readonly replaces: ReplacedPin | null
}

/** The pin that a replacement replaces. */
export interface ReplacedPin {
  readonly requestId: string
  /** Text of its CID. */
  readonly cid: string
  /** Parts of the pin before the replacement. Absent if pinql did not need to read the pin. */
  readonly was?: Pick<NewPin, 'name' | 'meta' | 'writeId'> | undefined
}

/** The record of a write. With it, the write can be finished and answered again after a crash. It never contains a token. */
export interface WriteRecord {
  /** Key of the tenant: service and keyed hash of the token. */
  readonly tenantKey: string
  /** The client's idempotency key, or one that pinql made. */
  readonly key: string
  /** Equal for writes with equal input. */
  readonly fingerprint: string
  /** 122 random bits as 32 hexadecimal digits. They are sent in the pin's `meta`. */
  readonly writeId: string
  /** Start of the write in Unix milliseconds. */
  readonly startedAt: number
  /**
   * - `pending`: the write is in flight, or its gateway stopped.
   * - `unknown`: the write was sent, and its outcome cannot be known.
   * - `done`: the write has a result.
   */
  readonly state: 'pending' | 'unknown' | 'done'
  readonly write: Write
  /** Request ids of the pins of this CID that existed before; null when they were not listed. */
  readonly before: readonly string[] | null
  /** The pin as first answered. Its `created` may differ from what the service lists later. Null until done. */
  readonly result: Pin | null
  /** Id of the sweep of duplicates that is due; null for none. Of several that were planned, it is the last. */
  readonly sweepId: string | null
}

/**
 * Returns a text that identifies a write among the writes of all tenants. A tenant's key contains no line break, so the parts
 * cannot be confused.
 */
export function recordIdOf({ tenantKey, key }: Pick<WriteRecord, 'tenantKey' | 'key'>): string {
  return `${tenantKey}\n${key}`
}

/** Milliseconds for which a record is kept. */
export const RECORD_LIFETIME_MS = 24 * 60 * 60 * 1000

/**
 * Stores the records of writes.
 *
 * Each promise resolves only when its change is as durable as the implementation makes it. Records older than 24 hours are
 * not found, and are removed now and then. Every operation may reject with `RecordsUnavailableError`.
 */
export interface WriteRecords extends AsyncDisposable {
  find(tenantKey: string, key: string): Promise<WriteRecord | null>
  /** Stores a record. Returns false and stores nothing if the tenant already has a record with that key. */
  begin(record: WriteRecord): Promise<boolean>
  /** Removes the record of a write that had no effect, so that its key can be used again. */
  forget(record: WriteRecord): Promise<void>
  markUnknown(record: WriteRecord): Promise<void>
  /**
   * Stores the result of a write.
   *
   * @param options.exclusive stores it only if the pin is not the result of another record of the tenant. Default: false.
   * @returns whether it was stored
   */
  finish(record: WriteRecord, pin: Pin, options?: { exclusive?: boolean }): Promise<boolean>
  /** Notes that a sweep of the write's duplicates is due. A sweep that was planned earlier is included in it. */
  planSweep(record: WriteRecord, sweepId: string): Promise<void>
  /** Notes that a sweep was made. Does nothing if another sweep was planned since. */
  endSweep(record: WriteRecord, sweepId: string): Promise<void>
  /** Returns a tenant's records without a result, and those whose sweep is due, oldest first. */
  unfinished(tenantKey: string): Promise<WriteRecord[]>
  /** Returns those of the request ids that are results of the tenant's records. */
  claimed(tenantKey: string, requestIds: readonly string[]): Promise<ReadonlySet<string>>
}
