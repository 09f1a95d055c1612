import type { NewPin, Pin, StringMap } from '../../domain/pin.ts'
import { RecordsUnavailableError } from './records-unavailable.ts'
import { RECORD_LIFETIME_MS, recordIdOf, type WriteRecord, type WriteRecords } from './write-records.ts'

/** Estimated memory that the records may take. */
export interface RecordBounds {
  readonly maxBytes: number
  readonly maxBytesPerTenant: number
}

/** A usual record takes about 1.5 KB. */
const DEFAULT_BOUNDS: RecordBounds = { maxBytes: 96 * 1024 ** 2, maxBytesPerTenant: 32 * 1024 ** 2 }
/** Memory of a record beside its texts. */
const BYTES_PER_RECORD = 1_000
const BYTES_PER_TEXT = 50

/** The records of one tenant. */
interface TenantRecords {
  /** By id, oldest first. */
  readonly records: Map<string, WriteRecord>
  bytes: number
}

/**
 * Write records that end with the process. For tests, and for gateways without a data directory.
 *
 * They are bounded in memory, per tenant and in all. When a tenant reaches its bound, its oldest settled records are forgotten. When all tenants
 * together do, those of the tenant with the most memory are. A record that is not settled is never forgotten before 24 hours: without it, a
 * write could be made twice. If only such records are left, a new one is refused with `RecordsUnavailableError`.
 */
export class MemoryWriteRecords implements WriteRecords {
  readonly #tenants = new Map<string, TenantRecords>()
  /** Tenant and time of each record by its id, oldest first. */
  readonly #ages = new Map<string, Pick<WriteRecord, 'tenantKey' | 'startedAt'>>()
  readonly #wallNow: () => number
  readonly #bounds: RecordBounds
  #bytes = 0

  /** @param wallNow returns Unix milliseconds */
  constructor(wallNow: () => number, bounds: RecordBounds = DEFAULT_BOUNDS) {
    this.#wallNow = wallNow
    this.#bounds = bounds
  }

  async find(tenantKey: string, key: string): Promise<WriteRecord | null> {
    this.#removeExpired()
    return this.#get({ tenantKey, key }) ?? null
  }

  async begin(record: WriteRecord): Promise<boolean> {
    this.#removeExpired()
    if (this.#get(record)) return false
    if (!this.#makeRoom(record.tenantKey, bytesOf(record))) {
      throw new RecordsUnavailableError('its memory for them is full of changes whose outcome is not known yet')
    }
    this.#set(record)
    return true
  }

  async forget(record: WriteRecord): Promise<void> {
    this.#delete(record.tenantKey, recordIdOf(record))
  }

  async markUnknown(record: WriteRecord): Promise<void> {
    this.#change(record, { state: 'unknown', result: null })
  }

  async finish(record: WriteRecord, pin: Pin, options: { exclusive?: boolean } = {}): Promise<boolean> {
    const isPin = ({ key, result }: WriteRecord): boolean => key !== record.key && result?.requestId === pin.requestId
    if (options.exclusive && this.#of(record.tenantKey).some(isPin)) return false
    this.#change(record, { state: 'done', result: pin })
    // The record has grown. It stays, even if there is no room: its client may be about to ask again.
    this.#makeRoom(record.tenantKey, 0, recordIdOf(record))
    return true
  }

  async planSweep(record: WriteRecord, sweepId: string): Promise<void> {
    this.#change(record, { sweepId })
  }

  async endSweep(record: WriteRecord, sweepId: string): Promise<void> {
    if (this.#get(record)?.sweepId === sweepId) this.#change(record, { sweepId: null })
  }

  async unfinished(tenantKey: string): Promise<WriteRecord[]> {
    return this.#of(tenantKey).filter((record) => !isForgettable(record))
  }

  async claimed(tenantKey: string, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    const results = new Set(this.#of(tenantKey).map(({ result }) => result?.requestId))
    return new Set(requestIds.filter((requestId) => results.has(requestId)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tenants.clear()
    this.#ages.clear()
    this.#bytes = 0
  }

  #get(record: Pick<WriteRecord, 'tenantKey' | 'key'>): WriteRecord | undefined {
    return this.#tenants.get(record.tenantKey)?.records.get(recordIdOf(record))
  }

  #of(tenantKey: string): WriteRecord[] {
    this.#removeExpired()
    return [...(this.#tenants.get(tenantKey)?.records.values() ?? [])]
  }

  #change(record: WriteRecord, change: Partial<WriteRecord>): void {
    const current = this.#get(record)
    if (current) this.#set({ ...current, ...change })
  }

  /** Stores a record in place of the one with the same key. */
  #set(record: WriteRecord): void {
    const { tenantKey, startedAt } = record
    const id = recordIdOf(record)
    const tenant = this.#tenants.get(tenantKey) ?? { records: new Map(), bytes: 0 }
    this.#tenants.set(tenantKey, tenant)
    const before = tenant.records.get(id)
    const growth = bytesOf(record) - (before ? bytesOf(before) : 0)
    tenant.records.set(id, record)
    tenant.bytes += growth
    this.#bytes += growth
    if (!before) this.#ages.set(id, { tenantKey, startedAt })
  }

  #delete(tenantKey: string, id: string): void {
    const tenant = this.#tenants.get(tenantKey)
    const record = tenant?.records.get(id)
    if (!tenant || !record) return
    const bytes = bytesOf(record)
    tenant.records.delete(id)
    tenant.bytes -= bytes
    this.#bytes -= bytes
    this.#ages.delete(id)
    if (tenant.records.size === 0) this.#tenants.delete(tenantKey)
  }

  #removeExpired(): void {
    const expired = this.#wallNow() - RECORD_LIFETIME_MS
    for (const [id, { tenantKey, startedAt }] of this.#ages) {
      if (startedAt > expired) return
      this.#delete(tenantKey, id)
    }
  }

  /**
   * Forgets settled records until there is room for more bytes of the tenant. Returns false when there is none.
   *
   * @param kept id of a record that is not forgotten
   */
  #makeRoom(tenantKey: string, bytes: number, kept?: string): boolean {
    const { maxBytes, maxBytesPerTenant } = this.#bounds
    while ((this.#tenants.get(tenantKey)?.bytes ?? 0) + bytes > maxBytesPerTenant) {
      if (!this.#forgetSettled(tenantKey, kept)) return false
    }
    if (this.#bytes + bytes <= maxBytes) return true
    const greediestFirst = [...this.#tenants].sort(([, one], [, other]) => other.bytes - one.bytes)
    for (const [greedy] of greediestFirst) {
      while (this.#forgetSettled(greedy, kept)) if (this.#bytes + bytes <= maxBytes) return true
    }
    return false
  }

  /** Forgets the oldest settled record of a tenant, but not the one with the id `kept`. Returns false when it has none. */
  #forgetSettled(tenantKey: string, kept: string | undefined): boolean {
    for (const [id, record] of this.#tenants.get(tenantKey)?.records ?? []) {
      if (id === kept || !isForgettable(record)) continue
      this.#delete(tenantKey, id)
      return true
    }
    return false
  }
}

/** True for a settled record: it is needed only to answer a retry of its write. */
function isForgettable({ state, sweepId }: WriteRecord): boolean {
  return state === 'done' && sweepId === null
}

/** Estimates the memory of a record. */
function bytesOf({ tenantKey, key, fingerprint, write, before, result }: WriteRecord): number {
  const { pin, replaces } = write
  const texts = [tenantKey, key, fingerprint, ...textsOf(pin), ...(before ?? [])]
  if (replaces) texts.push(replaces.requestId, replaces.cid, ...textsIn(replaces.was?.meta ?? {}))
  if (result) texts.push(...textsOf(result), ...result.delegates, ...textsIn(result.info))
  return texts.reduce((sum, text) => sum + BYTES_PER_TEXT + 2 * text.length, BYTES_PER_RECORD)
}

function textsOf({ name, origins, meta }: Pick<NewPin, 'name' | 'origins' | 'meta'>): string[] {
  return [name ?? '', ...origins, ...textsIn(meta)]
}

function textsIn(map: StringMap): string[] {
  return Object.entries(map).flat()
}
