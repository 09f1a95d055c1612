import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The token that the gateway uses its embedded service with: made once, kept in `dataDir`, readable by its owner only.
 *
 * @returns the token and the file it is in
 * @throws {Error} when the directory or file cannot be made or read
 */
export async function readGatewayToken(dataDir: string): Promise<{ token: string; path: string }> {
  const path = join(dataDir, 'gateway-token')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
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
