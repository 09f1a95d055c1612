import { readSecretFile } from './secret-file.ts'

/**
 * Reads the gateway's token for its embedded service. The first call makes it, in a file in `dataDir` that only the owner can
 * read.
 *
 * @returns the token and the file it is in
 * @throws what `readSecretFile` throws
 */
export async function readGatewayToken(dataDir: string): Promise<{ token: string; path: string }> {
  const { secret, path } = await readSecretFile(dataDir, 'gateway-token')
  return { token: secret, path }
}
