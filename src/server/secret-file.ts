import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareDataDirectory } from './data-directory.ts'

/**
 * A secret of 32 random bytes in base64url: made once, kept in `dataDir`, readable by its owner only.
 *
 * @returns the secret and the file it is in
 * @throws {DataDirectoryError} when the directory cannot be made or written
 * @throws {Error} when the file cannot be made or read
 */
export async function readSecretFile(dataDir: string, name: string): Promise<{ secret: string; path: string }> {
  const path = join(dataDir, name)
  await prepareDataDirectory(dataDir)
  try {
    // Fails where the file is there, so that two processes started at once agree on one secret.
    await writeFile(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return { secret: (await readFile(path, 'utf8')).trim(), path }
}
