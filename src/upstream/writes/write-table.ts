import type { Database, DatabaseSchema } from '../../storage/open-database.ts'
import { decodeRecordedPin, decodeWrite, encodeRecordedPin, encodeWrite } from './write-codec.ts'
import type { WriteRecord } from './write-records.ts'

/** Condition of unfinished records. SQLite uses their index only for a query with exactly this condition. */
export const UNFINISHED = `state <> 'done' OR sweep_id IS NOT NULL`
const UNFINISHED_INDEX = `CREATE INDEX write_unfinished ON write (tenant, started_at) WHERE ${UNFINISHED};`

/** The table of write records, and how older versions of it are upgraded. */
export const WRITE_DATABASE: DatabaseSchema = {
  version: 2,
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
  sweep_id TEXT,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX write_by_age ON write (started_at);
${UNFINISHED_INDEX}
CREATE INDEX write_by_result ON write (tenant, request_id) WHERE request_id IS NOT NULL;
`,
  upgrades: [upgradeFrom1],
}

/** Version 1 kept no sweeps. */
function upgradeFrom1(database: Database): void {
  database.exec(`
    ALTER TABLE write ADD COLUMN sweep_id TEXT;
    DROP INDEX write_unfinished;
    ${UNFINISHED_INDEX}`)
}

/** A write record as the table has it. */
export interface WriteRow {
  readonly tenant: string
  readonly key: string
  readonly fingerprint: string
  readonly operation_id: string
  readonly started_at: number
  readonly state: WriteRecord['state']
  readonly write: string
  readonly before: string
  readonly result: string | null
  readonly sweep_id: string | null
}

/** Reads a row. */
export function toRecord(row: WriteRow): WriteRecord {
  return {
    tenantKey: row.tenant,
    key: row.key,
    fingerprint: row.fingerprint,
    writeId: row.operation_id,
    startedAt: row.started_at,
    state: row.state,
    write: decodeWrite(row.write),
    before: JSON.parse(row.before) as string[] | null,
    result: row.result === null ? null : decodeRecordedPin(row.result),
    sweepId: row.sweep_id,
  }
}

/** Returns the values of a new row, in the order of its columns. */
export function toValues(record: WriteRecord) {
  return [
    record.tenantKey,
    record.key,
    record.fingerprint,
    record.writeId,
    record.startedAt,
    record.state,
    encodeWrite(record.write),
    JSON.stringify(record.before),
    record.result?.requestId ?? null,
    record.result && encodeRecordedPin(record.result),
    record.sweepId,
  ]
}
