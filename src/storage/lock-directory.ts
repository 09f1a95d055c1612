import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { loadDriver } from './open-database.ts'

/** Another process has the directory. Any other failure to lock it means that it cannot be used at all. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError'
}

/** SQLite's result code for a lock that somebody else has: https://sqlite.org/rescode.html#busy */
const BUSY = 5

/**
 * Takes a data directory for this process alone, until the lock is disposed or the process ends, however it ends.
 *
 * The lock is SQLite's own, on a file `lock` that holds nothing: the system gives it back even after `kill -9`.
 *
 * @throws {DirectoryInUseError} when another process has it
 * @throws {Error} of the system, when it cannot be made or written
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
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 !== BUSY) throw cause
    const message = `${directory} is in use by another pinql: stop that one, or name another data directory`
    throw new DirectoryInUseError(message, { cause })
  }
  return { [Symbol.dispose]: () => database.close() }
}
