import { randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareDataDirectory } from './data-directory.ts'

/**
 * The token that the gateway uses its embedded service with: made once, kept in `dataDir`, readable by its owner only.
 *
 * @returns the token and the file it is in
 * @throws {DataDirectoryError} when the directory cannot be made or written
 * @throws {Error} when the file cannot be made or read
 */
export async function readGatewayToken(dataDir: string): Promise<{ token: string; path: string }> {
  const path = join(dataDir, 'gateway-token')
  await prepareDataDirectory(dataDir)
  try {
    return { token: (await readFile(path, 'utf8')).trim(), path }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  // Written whole under another name first: neither a crash nor a second process may ever see or leave half a token.
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  return { token: (await readFile(path, 'utf8')).trim(), path }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
