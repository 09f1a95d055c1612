import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'

/** An open SQLite database: `node:sqlite`'s interface, which `@photostructure/sqlite` offers on Node 20 as well. */
export type Database = DatabaseSyncInstance

/** What a database holds. */
export interface DatabaseSchema {
  /** Raised with every change of `sql`; kept in the file as `user_version`. */
  readonly version: number
  /** Creates everything in an empty database. */
  readonly sql: string
  /** What each version, from the first on, needs to become the next one. */
  readonly upgrades?: readonly ((database: Database) => void)[]
}

/**
 * Opens a database, and creates it where there is none.
 *
 * A commit is on the disk when it returns (WAL, `synchronous=FULL`), so neither a killed process nor a power cut
 * loses or tears one. Several processes may have the same file open.
 *
 * @param path the file, readable by its owner only; its folder is made where it is missing
 * @throws {Error} when the file is no database, or one of a newer pinql
 */
export async function openDatabase(path: string, schema: DatabaseSchema): Promise<Database> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // Made here, so that nobody else can read it; SQLite gives the files beside it the same mode.
  closeSync(openSync(path, 'a', 0o600))
  const DatabaseSync = await loadDriver()
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 5000')
    // Larger pages read and write blocks with fewer steps. Only an empty file takes the setting.
    database.exec('PRAGMA page_size = 16384')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec('PRAGMA foreign_keys = ON')
    database.exec('PRAGMA temp_store = MEMORY')
    database.exec('PRAGMA cache_size = -32768')
    migrate(database, path, schema)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Runs `work` in one transaction: all of it is kept, or nothing when it throws.
 *
 * `work` must be synchronous, since the connection is shared.
 */
export function transaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    rollBack(database)
    throw error
  }
}

function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // On a full disk, say, SQLite has done so itself and refuses to do it again. That is not what went wrong.
  }
}

/** SQLite as this Node has it: built in, or from the package. */
export async function loadDriver(): Promise<new (path: string) => Database> {
  const builtIn = process.getBuiltinModule?.('node:sqlite') as
    | { DatabaseSync: new (path: string) => Database }
    | undefined
  if (builtIn) return builtIn.DatabaseSync
  const { DatabaseSync } = await import('@photostructure/sqlite')
  return DatabaseSync
}

function migrate(database: Database, path: string, schema: DatabaseSchema): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > schema.version) {
    throw new Error(`${path} was written by a newer pinql (schema ${version}, this one knows ${schema.version})`)
  }
  if (version === schema.version) return
  transaction(database, () => {
    // Another process may have been first, between the look above and the lock.
    const { user_version: now } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (now === 0) database.exec(schema.sql)
    else for (const upgrade of schema.upgrades?.slice(now - 1) ?? []) upgrade(database)
    database.exec(`PRAGMA user_version = ${schema.version}`)
  })
}
