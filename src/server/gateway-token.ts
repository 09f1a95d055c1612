import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
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
    // Fails where the file is there, so that two processes started at once agree on one token.
    await writeFile(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return { token: (await readFile(path, 'utf8')).trim(), path }
}
