import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { assertOwnDirectory, OpenToOthersError } from '../../storage/private-files.ts'

/** Thrown when the data directory cannot be written, or when everybody may write in it. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}

/**
 * Makes the data directory if it is missing.
 *
 * @throws {DataDirectoryError} naming the directory, when it cannot be made or written, and when everybody may write in it
 */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await access(dataDir, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const what = code === 'EEXIST' ? 'it is a file, EEXIST' : code
    const message = `The data directory ${dataDir} cannot be written (${what}); dataDir, PINQL_DATA_DIR or --data-dir names another`
    throw new DataDirectoryError(message, { cause })
  }
  try {
    assertOwnDirectory(dataDir)
  } catch (cause) {
    if (!(cause instanceof OpenToOthersError)) throw cause
    throw new DataDirectoryError(cause.message, { cause })
  }
}
