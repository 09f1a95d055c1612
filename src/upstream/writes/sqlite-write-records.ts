import type { Pin } from '../../domain/pin.ts'
import { type Database, type DatabaseSchema, openDatabase, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { decodePin, decodeWrite, encodePin, encodeWrite } from './write-codec.ts'
import { RECORD_LIFETIME_MS, type WriteRecord, type WriteRecords } from './write-records.ts'

const WRITE_DATABASE: DatabaseSchema = {
  version: 1,
  sql: `
CREATE TABLE write (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'unknown', 'done')),
  write TEXT NOT NULL,
  before TEXT NOT NULL,
  request_id TEXT,
  result TEXT,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX write_by_age ON write (started_at);
CREATE INDEX write_unfinished ON write (tenant, started_at) WHERE state <> 'done';
CREATE INDEX write_by_result ON write (tenant, request_id) WHERE request_id IS NOT NULL;
`,
}

interface Row {
  readonly tenant: string
  readonly key: string
  readonly fingerprint: string
  readonly operation_id: string
  readonly started_at: number
  readonly state: WriteRecord['state']
  readonly write: string
  readonly before: string
  readonly result: string | null
}

interface Job {
  /** Runs inside the transaction; what it returns is called when that is on the disk. */
  run(): () => void
  reject(error: unknown): void
}

/**
 * Records in an SQLite file, on the disk before anything is sent (WAL, `synchronous=FULL`).
 *
 * What is asked for in one turn of the event loop shares one transaction, since waiting for the disk is what it costs.
 *
 * @param path the file; made where it is missing
 * @param now Unix milliseconds
 * @throws {Error} when the file cannot be used, or a newer pinql wrote it
 */
export async function openWriteRecords(path: string, now: () => number = Date.now): Promise<WriteRecords> {
  return new SqliteWriteRecords(await openDatabase(path, WRITE_DATABASE), now)
}

class SqliteWriteRecords implements WriteRecords {
  readonly #database: Database
  readonly #statements: Statements
  readonly #now: () => number
  #jobs: Job[] = []

  constructor(database: Database, now: () => number) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#now = now
  }

  async find(tenant: string, key: string): Promise<WriteRecord | null> {
    const row = this.#get('SELECT * FROM write WHERE tenant = ? AND key = ? AND started_at > ?', tenant, key)
    return row ? toRecord(row) : null
  }

  begin(record: WriteRecord): Promise<boolean> {
    return this.#enqueue(() => {
      this.#statements.get('DELETE FROM write WHERE started_at <= ?').run(this.#expired())
      const { changes } = this.#statements
        .get('INSERT OR IGNORE INTO write VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          record.tenant,
          record.key,
          record.fingerprint,
          record.operationId,
          record.startedAt,
          record.state,
          encodeWrite(record.write),
          JSON.stringify(record.before),
          record.result?.requestId ?? null,
          record.result && encodePin(record.result),
        )
      return Number(changes) === 1
    })
  }

  forget({ tenant, key }: WriteRecord): Promise<void> {
    return this.#enqueue(() => {
      this.#statements.get('DELETE FROM write WHERE tenant = ? AND key = ?').run(tenant, key)
    })
  }

  markUnknown({ tenant, key }: WriteRecord): Promise<void> {
    return this.#enqueue(() => {
      this.#statements
        .get(`UPDATE write SET state = 'unknown', request_id = NULL, result = NULL WHERE tenant = ? AND key = ?`)
        .run(tenant, key)
    })
  }

  finish({ tenant, key }: WriteRecord, pin: Pin, options: { exclusive?: boolean } = {}): Promise<boolean> {
    return this.#enqueue(() => {
      const other = this.#statements
        .get('SELECT 1 FROM write WHERE tenant = ? AND request_id = ? AND key <> ?')
        .get(tenant, pin.requestId, key)
      if (options.exclusive && other !== undefined) return false
      this.#statements
        .get(`UPDATE write SET state = 'done', request_id = ?, result = ? WHERE tenant = ? AND key = ?`)
        .run(pin.requestId, encodePin(pin), tenant, key)
      return true
    })
  }

  async unfinished(tenant: string): Promise<WriteRecord[]> {
    const rows = this.#statements
      .get(`SELECT * FROM write WHERE tenant = ? AND state <> 'done' AND started_at > ? ORDER BY started_at`)
      .all(tenant, this.#expired()) as unknown as Row[]
    return rows.map(toRecord)
  }

  async claimed(tenant: string, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    const sql = 'SELECT 1 FROM write WHERE tenant = ? AND request_id = ? AND started_at > ?'
    return new Set(requestIds.filter((requestId) => this.#get(sql, tenant, requestId) !== undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush()
    this.#database.close()
  }

  #get(sql: string, tenant: string, other: string): Row | undefined {
    return this.#statements.get(sql).get(tenant, other, this.#expired()) as Row | undefined
  }

  #expired(): number {
    return this.#now() - RECORD_LIFETIME_MS
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
    const jobs = this.#jobs
    this.#jobs = []
    if (jobs.length === 0) return
    try {
      const resolvers = transaction(this.#database, () => jobs.map((job) => job.run()))
      for (const resolve of resolvers) resolve()
    } catch (error) {
      for (const { reject } of jobs) reject(error)
    }
  }
}

function toRecord(row: Row): WriteRecord {
  return {
    tenant: row.tenant,
    key: row.key,
    fingerprint: row.fingerprint,
    operationId: row.operation_id,
    startedAt: row.started_at,
    state: row.state,
    write: decodeWrite(row.write),
    before: JSON.parse(row.before) as string[] | null,
    result: row.result === null ? null : decodePin(row.result),
  }
}
