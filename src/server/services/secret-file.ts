import { randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertPrivateFile } from '../../storage/private-files.ts'
import { prepareDataDirectory } from './data-directory.ts'

/** A secret that somebody wrote by hand may be shorter than those that pinql makes. A token has to fit into a header. */
const SECRET = /^[\x21-\x7e]{16,1024}$/

/** A file has no secret that may be used. The message names the cure. */
class SecretFileError extends Error {
  override readonly name = 'SecretFileError'
}

/**
 * Reads a secret of 32 random bytes in base64url. The first call makes it, in a file in `dataDir` that only the owner can
 * read.
 *
 * @returns the secret and the file it is in
 * @throws {DataDirectoryError} when the directory cannot be made or written
 * @throws {SecretFileError} when the file is empty, or has no secret of 16 to 1,024 visible characters
 * @throws {OpenToOthersError} when others may read the file
 * @throws {Error} when the file cannot be made or read
 */
export async function readSecretFile(dataDir: string, name: string): Promise<{ secret: string; path: string }> {
  const path = join(dataDir, name)
  await prepareDataDirectory(dataDir)
  try {
    return { secret: await readSecret(path), path }
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
  return { secret: await readSecret(path), path }
}

async function readSecret(path: string): Promise<string> {
  const secret = (await readFile(path, 'utf8')).trim()
  assertPrivateFile(path)
  if (SECRET.test(secret)) return secret
  // The secret itself must not be shown.
  const found = secret === '' ? 'is empty' : 'has another content'
  throw new SecretFileError(
    `${path} ${found}: expected a secret of 16 to 1,024 letters, digits or signs; remove the file, and pinql makes a new one`,
  )
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
