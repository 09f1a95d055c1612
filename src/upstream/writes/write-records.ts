import type { NewPin, Pin } from '../../domain/pin.ts'

/** A change that makes a pin: an add, or a replacement of a pin by it. */
export interface Write {
  readonly pin: NewPin
  /** The pin that is to make room; null for an add. */
  readonly replaces: ReplacedPin | null
}

/** The pin that a replacement replaces. */
export interface ReplacedPin {
  readonly requestId: string
  /** Text of its CID. */
  readonly cid: string
  /** How it was before the replacement; absent where pinql had no need to read the pin. */
  readonly was?: Pick<NewPin, 'name' | 'meta' | 'operationId'> | undefined
}

/** What is kept of a write, so that it can be finished and answered again after a crash. Never a token. */
export interface WriteRecord {
  /** Key of the tenant: service and keyed hash of the token. */
  readonly tenant: string
  /** The client's idempotency key, or one that pinql made. */
  readonly key: string
  /** Equal for equal writes. */
  readonly fingerprint: string
  /** 122 random bits in 32 hexadecimal digits, sent along in the pin's `meta`. */
  readonly operationId: string
  /** Unix milliseconds. */
  readonly startedAt: number
  /**
   * - `pending`: it is under way, or the gateway that had it stopped.
   * - `unknown`: it was sent, and nobody can tell what became of it.
   * - `done`: there is a result.
   */
  readonly state: 'pending' | 'unknown' | 'done'
  readonly write: Write
  /** Request ids of the pins of this CID that were there before; null where nobody looked. */
  readonly before: readonly string[] | null
  /** The pin as it was first answered: its `created` may differ from what the service lists later. Null until done. */
  readonly result: Pin | null
}

/** Milliseconds that records are kept. */
export const RECORD_LIFETIME_MS = 24 * 60 * 60 * 1000

/**
 * Where writes are recorded.
 *
 * Every promise resolves only when what it did is as durable as the implementation makes it. Records older than 24 hours
 * are not found, and swept away now and then.
 */
export interface WriteRecords extends AsyncDisposable {
  find(tenant: string, key: string): Promise<WriteRecord | null>
  /** Keeps a record. Returns false, and keeps nothing, where the tenant has one of that key. */
  begin(record: WriteRecord): Promise<boolean>
  /** Forgets a write that had no effect, so that its key can be used again. */
  forget(record: WriteRecord): Promise<void>
  markUnknown(record: WriteRecord): Promise<void>
  /**
   * Keeps the result.
   *
   * @param options.exclusive only where the pin is not the result of another record of the tenant
   * @returns whether it was kept
   */
  finish(record: WriteRecord, pin: Pin, options?: { exclusive?: boolean }): Promise<boolean>
  /** A tenant's records without result, oldest first. */
  unfinished(tenant: string): Promise<WriteRecord[]>
  /** Those of the request ids that are results of a tenant's records. */
  claimed(tenant: string, requestIds: readonly string[]): Promise<ReadonlySet<string>>
}
