import { randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
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
    return { secret: (await readFile(path, 'utf8')).trim(), path }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  // Written whole under another name first: neither a crash nor a second process may ever see or leave half a secret.
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
