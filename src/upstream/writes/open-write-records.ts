import type { Pin } from '../../domain/pin.ts'
import { type Database, openDatabase, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
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
 * @param path the file; created if it does not exist
 * @param wallNow returns Unix milliseconds
 * @throws {Error} when the file cannot be used, or was written by a newer pinql
 */
export async function openWriteRecords(path: string, wallNow: () => number): Promise<WriteRecords> {
  const database = await openDatabase(path, WRITE_DATABASE)
  database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_PER_CHECKPOINT}`)
  return new SqliteWriteRecords(database, wallNow)
}

class SqliteWriteRecords implements WriteRecords {
  readonly #database: Database
  readonly #statements: Statements
  readonly #wallNow: () => number
  #jobs: Job[] = []
  /** Number of records that the next transaction begins. */
  #begun = 0

  constructor(database: Database, wallNow: () => number) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#wallNow = wallNow
  }

  async find(tenantKey: string, key: string): Promise<WriteRecord | null> {
    const row = this.#get('SELECT * FROM write WHERE tenant = ? AND key = ? AND started_at > ?', tenantKey, key)
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
    const rows = this.#statements
      .get(`SELECT * FROM write WHERE tenant = ? AND (${UNFINISHED}) AND started_at > ? ORDER BY started_at`)
      .all(tenantKey, this.#expired()) as WriteRow[]
    return rows.map(toRecord)
  }

  async claimed(tenantKey: string, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    const sql = 'SELECT 1 FROM write WHERE tenant = ? AND request_id = ? AND started_at > ?'
    return new Set(requestIds.filter((requestId) => this.#get(sql, tenantKey, requestId) !== undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
    const [jobs, begun] = [this.#jobs, this.#begun]
    this.#jobs = []
    this.#begun = 0
    if (jobs.length === 0) return
    try {
      const resolvers = transaction(this.#database, () => {
        if (begun > 0) this.#removeExpired(EXPIRED_PER_RECORD * begun)
        return jobs.map((job) => job.run())
      })
      // The work that follows the promises takes as long as the transaction. So other requests are served in between.
      setImmediate(() => {
        for (const resolve of resolvers) resolve()
      })
    } catch (error) {
      for (const { reject } of jobs) reject(error)
    }
  }
}
