import type { Pin } from '../../domain/pin.ts'
import { type Database, openDatabase, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { isBusy, storageTrouble } from '../../storage/storage-trouble.ts'
import { RecordsUnavailableError } from './records-unavailable.ts'
import { encodeRecordedPin } from './write-codec.ts'
import { RECORD_LIFETIME_MS, type WriteRecord, type WriteRecords } from './write-records.ts'
import { toRecord, toValues, UNFINISHED, WRITE_DATABASE, type WriteRow } from './write-table.ts'

/** Number of expired records that each new record removes. It is more than one, so that the expired records run out. */
const EXPIRED_PER_RECORD = 2
/**
 * Pages of the log after which the next commit copies the log into the database. With SQLite's default of 1,000, that
 * commit would wait for the disk several times as long.
 */
const PAGES_PER_CHECKPOINT = 100
/** Milliseconds for which SQLite waits for another process. The whole gateway waits with it, so further waits do not block. */
const BLOCKING_WAIT_MS = 10
const RETRY_MS = 50
/** Milliseconds for which changes wait while another process holds the file. After that, they fail at the first attempt. */
const PATIENCE_MS = 1_000

interface Job {
  /** Runs inside the transaction. The function that it returns is called once the transaction is on the disk. */
  run(): () => void
  reject(error: unknown): void
}

/**
 * Opens write records in an SQLite file. They are on the disk before anything is sent (WAL, `synchronous=FULL`).
 *
 * All changes of one turn of the event loop share one transaction, since most of the cost is waiting for the disk.
 *
 * Every operation rejects with {@link RecordsUnavailableError} when the disk refuses it, or another process holds the file for longer
 * than a second.
 *
 * @param path the file; created if it does not exist
 * @param wallNow returns Unix milliseconds
 * @throws {Error} when the file cannot be used, or was written by a newer pinql
 */
export async function openWriteRecords(path: string, wallNow: () => number): Promise<WriteRecords> {
  const database = await openDatabase(path, WRITE_DATABASE)
  database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_PER_CHECKPOINT}`)
  database.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`)
  return new SqliteWriteRecords(database, wallNow)
}

class SqliteWriteRecords implements WriteRecords {
  readonly #database: Database
  readonly #statements: Statements
  readonly #wallNow: () => number
  #jobs: Job[] = []
  /** Number of records that the next transaction begins. */
  #begun = 0
  #retryTimer: NodeJS.Timeout | null = null
  /** Time by `performance.now()` since which another process holds the file. Null while none does. */
  #busySince: number | null = null
  #isClosing = false

  constructor(database: Database, wallNow: () => number) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#wallNow = wallNow
  }

  async find(tenantKey: string, key: string): Promise<WriteRecord | null> {
    const sql = 'SELECT * FROM write WHERE tenant = ? AND key = ? AND started_at > ?'
    const row = typed(() => this.#get(sql, tenantKey, key))
    return row ? toRecord(row) : null
  }

  begin(record: WriteRecord): Promise<boolean> {
    this.#begun++
    return this.#enqueue(() => this.#insert(record) || (this.#removeExpiredKey(record) && this.#insert(record)))
  }

  forget({ tenantKey, key }: WriteRecord): Promise<void> {
    return this.#enqueue(() => {
      this.#statements.get('DELETE FROM write WHERE tenant = ? AND key = ?').run(tenantKey, key)
    })
  }

  markUnknown({ tenantKey, key }: WriteRecord): Promise<void> {
    return this.#enqueue(() => {
      this.#statements
        .get(`UPDATE write SET state = 'unknown', request_id = NULL, result = NULL WHERE tenant = ? AND key = ?`)
        .run(tenantKey, key)
    })
  }

  finish({ tenantKey, key }: WriteRecord, pin: Pin, options: { exclusive?: boolean } = {}): Promise<boolean> {
    return this.#enqueue(() => {
      if (options.exclusive && this.#isOthers({ tenantKey, key }, pin)) return false
      this.#statements
        .get(`UPDATE write SET state = 'done', request_id = ?, result = ? WHERE tenant = ? AND key = ?`)
        .run(pin.requestId, encodeRecordedPin(pin), tenantKey, key)
      return true
    })
  }

  planSweep({ tenantKey, key }: WriteRecord, sweepId: string): Promise<void> {
    return this.#enqueue(() => {
      const sql = 'UPDATE write SET sweep_id = ? WHERE tenant = ? AND key = ?'
      this.#statements.get(sql).run(sweepId, tenantKey, key)
    })
  }

  endSweep({ tenantKey, key }: WriteRecord, sweepId: string): Promise<void> {
    return this.#enqueue(() => {
      const sql = 'UPDATE write SET sweep_id = NULL WHERE tenant = ? AND key = ? AND sweep_id = ?'
      this.#statements.get(sql).run(tenantKey, key, sweepId)
    })
  }

  async unfinished(tenantKey: string): Promise<WriteRecord[]> {
    const sql = `SELECT * FROM write WHERE tenant = ? AND (${UNFINISHED}) AND started_at > ? ORDER BY started_at`
    const rows = typed(() => this.#statements.get(sql).all(tenantKey, this.#expired()) as WriteRow[])
    return rows.map(toRecord)
  }

  async claimed(tenantKey: string, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    const sql = 'SELECT 1 FROM write WHERE tenant = ? AND request_id = ? AND started_at > ?'
    return new Set(requestIds.filter((requestId) => typed(() => this.#get(sql, tenantKey, requestId)) !== undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    this.#flush()
    this.#database.close()
  }

  /** Returns false if the tenant already has a record with that key. */
  #insert(record: WriteRecord): boolean {
    const { changes } = this.#statements
      .get('INSERT OR IGNORE INTO write VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(...toValues(record))
    return Number(changes) === 1
  }

  /** Removes the record of a key if it has expired. Returns whether it was removed. */
  #removeExpiredKey({ tenantKey, key }: WriteRecord): boolean {
    const sql = 'DELETE FROM write WHERE tenant = ? AND key = ? AND started_at <= ?'
    return Number(this.#statements.get(sql).run(tenantKey, key, this.#expired()).changes) === 1
  }

  /** Removes some of the oldest expired records. Removing all at once might block the gateway for seconds. */
  #removeExpired(limit: number): void {
    const oldest = 'SELECT tenant, key FROM write WHERE started_at <= ? ORDER BY started_at LIMIT ?'
    this.#statements.get(`DELETE FROM write WHERE (tenant, key) IN (${oldest})`).run(this.#expired(), limit)
  }

  /** Returns whether a pin is the result of another record of the tenant. */
  #isOthers({ tenantKey, key }: Pick<WriteRecord, 'tenantKey' | 'key'>, { requestId }: Pin): boolean {
    const sql = 'SELECT 1 FROM write WHERE tenant = ? AND request_id = ? AND key <> ?'
    return this.#statements.get(sql).get(tenantKey, requestId, key) !== undefined
  }

  #get(sql: string, tenantKey: string, other: string): WriteRow | undefined {
    return this.#statements.get(sql).get(tenantKey, other, this.#expired()) as WriteRow | undefined
  }

  #expired(): number {
    return this.#wallNow() - RECORD_LIFETIME_MS
  }

  #enqueue<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#jobs.length === 0) setImmediate(() => this.#flush())
      const run = (): (() => void) => {
        const result = work()
        return () => resolve(result)
      }
      this.#jobs.push({ run, reject })
    })
  }

  #flush(): void {
    if (this.#retryTimer) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
    const [jobs, begun] = [this.#jobs, this.#begun]
    this.#jobs = []
    this.#begun = 0
    if (jobs.length === 0) return
    try {
      this.#write(jobs, begun)
      this.#busySince = null
    } catch (error) {
      if (isBusy(error) && !this.#isClosing) this.#retry(jobs, begun, error)
      else if (storageTrouble(error) !== null || jobs.length === 1) rejectAll(jobs, error)
      else this.#writeEach(jobs)
    }
  }

  /** @throws {Error} when nothing of the jobs was stored */
  #write(jobs: readonly Job[], begun: number): void {
    const resolvers = transaction(this.#database, () => {
      if (begun > 0) this.#removeExpired(EXPIRED_PER_RECORD * begun)
      return jobs.map((job) => job.run())
    })
    // The work that follows the promises takes as long as the transaction. So other requests are served in between.
    setImmediate(() => {
      for (const resolve of resolvers) resolve()
    })
  }

  /** A job that cannot be written must not take the others with it: they are changes of others. */
  #writeEach(jobs: readonly Job[]): void {
    for (const job of jobs) {
      try {
        this.#write([job], 0)
      } catch (error) {
        rejectAll([job], error)
      }
    }
  }

  /** Tries again soon, unless the file is held for too long already: then a thousand changes must not wait one after the other. */
  #retry(jobs: Job[], begun: number, error: unknown): void {
    this.#busySince ??= performance.now()
    if (performance.now() - this.#busySince > PATIENCE_MS) {
      rejectAll(jobs, error)
      return
    }
    this.#jobs = jobs
    this.#begun = begun
    this.#retryTimer = setTimeout(() => this.#flush(), RETRY_MS)
  }
}

function rejectAll(jobs: readonly Job[], error: unknown): void {
  for (const { reject } of jobs) reject(recordsError(error))
}

function typed<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw recordsError(error)
  }
}

/** Makes the typed error of a passing failure. Returns every other error as it is. */
function recordsError(error: unknown): unknown {
  const trouble = storageTrouble(error)
  return trouble === null ? error : new RecordsUnavailableError(trouble, { cause: error })
}
