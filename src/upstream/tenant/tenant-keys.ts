import { createHmac, randomBytes } from 'node:crypto'

/**
 * Makes keys that tell tenants apart without telling their tokens.
 *
 * @param secret at least 32 bytes; equal ones make equal keys. Default: a new one, so that no other maker's keys match
 */
export function createTenantKeys(secret: Uint8Array = randomBytes(32)): (service: string, token: string) => string {
  return (service, token) => `${service}:${createHmac('sha256', secret).update(token).digest('base64url')}`
}
