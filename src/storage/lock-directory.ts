import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from './make-directory.ts'
import { loadDriver } from './open-database.ts'
import { assertOwnDirectory } from './private-files.ts'
import { isBusy } from './storage-trouble.ts'

/** Another process holds the lock. Every other error of `lockDirectory` means that the directory cannot be used. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError'
}

/**
 * Locks a data directory for this process, until the lock is disposed or the process ends.
 *
 * SQLite locks the empty file `lock`. The system releases that lock even after `kill -9`.
 *
 * @throws {DirectoryInUseError} when another process holds the lock
 * @throws {OpenToOthersError} when everybody may write in the directory
 * @throws {Error} of the system, when the directory cannot be created or written
 */
export async function lockDirectory(directory: string): Promise<Disposable> {
  makeDirectory(directory)
  assertOwnDirectory(directory)
  const path = join(directory, 'lock')
  closeSync(openSync(path, 'a', 0o600))
  const DatabaseSync = await loadDriver()
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if (!isBusy(cause)) throw cause
    const message = `${directory} is in use by another pinql: stop that one, or name another data directory`
    throw new DirectoryInUseError(message, { cause })
  }
  return { [Symbol.dispose]: () => database.close() }
}
