import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import { FileTroubleError } from './file-trouble.ts'
import { makeDirectory } from './make-directory.ts'
import { isNoDatabase } from './storage-trouble.ts'

/** An open SQLite database: `node:sqlite`'s interface, which `@photostructure/sqlite` offers on Node 20 as well. */
export type Database = DatabaseSyncInstance

/** The tables of a database, by version. */
export interface DatabaseSchema {
  /** Must be raised with every change of `sql`. Stored in the file as `user_version`. */
  readonly version: number
  /** Creates everything in an empty database. */
  readonly sql: string
  /** Upgrades from version 1 to 2, from 2 to 3, and so on. */
  readonly upgrades?: readonly ((database: Database) => void)[]
}

/**
 * Opens a database, and creates it where it is missing.
 *
 * A commit is on the disk when it returns (WAL, `synchronous=FULL`). Neither a killed process nor a power cut loses it, or
 * keeps a part of it. Several processes may open the same file.
 *
 * @param path file of the database. Only its owner may read it. Its folder is created where it is missing.
 * @throws {Error} when the file is not a database, or a newer pinql wrote it
 */
export async function openDatabase(path: string, schema: DatabaseSchema): Promise<Database> {
  makeDirectory(dirname(path))
  try {
    // SQLite would let others read the file. It gives the files beside it the mode of this one.
    closeSync(openSync(path, 'a', 0o600))
  } catch (cause) {
    throw new FileTroubleError(`Cannot open ${path}`, { cause })
  }
  const DatabaseSync = await loadDriver()
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 5000')
    // Larger pages need fewer steps for a block. The setting has an effect on an empty file only.
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
    if (isNoDatabase(error)) throw new Error(`Cannot open ${path}: the file is not a database`, { cause: error })
    throw error
  }
}

/**
 * Runs `work` in one transaction. When `work` throws, nothing of it is stored.
 *
 * `work` must be synchronous: other users of the connection would write into the same transaction.
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
    // SQLite may have rolled back by itself, for example on a full disk. Then it refuses to do so again.
  }
}

/** Loads the driver: the one that Node has built in, or else the one of the package. */
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
    // Another process may have migrated since the check above, which had no lock.
    const { user_version: now } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (now === 0) database.exec(schema.sql)
    else for (const upgrade of schema.upgrades?.slice(now - 1) ?? []) upgrade(database)
    database.exec(`PRAGMA user_version = ${schema.version}`)
  })
}
