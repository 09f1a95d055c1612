import { createHmac } from 'node:crypto'

/**
 * Creates a function that makes keys of tenants. A key distinguishes tenants and does not reveal the token. Its last part is
 * the same for a token at all services, see `tokenKeyOf`.
 *
 * @param secret at least 32 bytes. Equal secrets make equal keys.
 */
export function createTenantKeys(secret: Uint8Array): (serviceName: string, token: string) => string {
  return (serviceName, token) => `${serviceName}:${createHmac('sha256', secret).update(token).digest('base64url')}`
}
