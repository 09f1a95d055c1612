import { randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareDataDirectory } from './data-directory.ts'

/**
 * Reads a secret of 32 random bytes in base64url. The first call makes it, in a file in `dataDir` that only the owner can
 * read.
 *
 * @returns the secret and the file it is in
 * @throws {DataDirectoryError} when the directory cannot be made or written
 * @throws {Error} when the file cannot be made or read
 */
export async function readSecretFile(dataDir: string, name: string): Promise<{ secret: string; path: string }> {
  const path = join(dataDir, name)
  await prepareDataDirectory(dataDir)
  try {
    return { secret: (await readFile(path, 'utf8')).trim(), path }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  // The secret is first written under another name, so that no crash and no second process leaves or sees half of it.
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  return { secret: (await readFile(path, 'utf8')).trim(), path }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
