import { readSecretFile } from './secret-file.ts'

/**
 * The token that the gateway uses its embedded service with: made once, kept in `dataDir`, readable by its owner only.
 *
 * @returns the token and the file it is in
 * @throws what `readSecretFile` throws
 */
export async function readGatewayToken(dataDir: string): Promise<{ token: string; path: string }> {
  const { secret, path } = await readSecretFile(dataDir, 'gateway-token')
  return { token: secret, path }
}
