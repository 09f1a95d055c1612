import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readSecretFile } from './secret-file.ts'

const FILE = 'gateway-token'

/**
 * Reads the gateway's token for its embedded service. The first call makes it, in a file in `dataDir` that only the owner can
 * read.
 *
 * @returns the token and the file it is in
 * @throws what `readSecretFile` throws
 */
export async function readGatewayToken(dataDir: string): Promise<{ token: string; path: string }> {
  const { secret, path } = await readSecretFile(dataDir, FILE)
  return { token: secret, path }
}

/**
 * Returns the token that {@link readGatewayToken} reads, or null where there is none. Makes none.
 *
 * @throws what `readSecretFile` throws
 */
export async function findGatewayToken(dataDir: string): Promise<string | null> {
  return existsSync(join(dataDir, FILE)) ? (await readGatewayToken(dataDir)).token : null
}
