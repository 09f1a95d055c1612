import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { loadDriver } from './open-database.ts'

/**
 * Takes a data directory for this process alone, until the lock is disposed or the process ends, however it ends.
 *
 * The lock is SQLite's own, on a file `lock` that holds nothing: the system gives it back even after `kill -9`.
 *
 * @throws {Error} when another process has it
 */
export async function lockDirectory(directory: string): Promise<Disposable> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'lock')
  closeSync(openSync(path, 'a', 0o600))
  const DatabaseSync = await loadDriver()
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new Error(`${directory} is in use by another pinql: stop that one, or name another data directory`, { cause })
  }
  return { [Symbol.dispose]: () => database.close() }
}
