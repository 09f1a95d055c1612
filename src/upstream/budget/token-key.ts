/**
 * Returns the part of a tenant's key that is the same at every service that gets the token: its keyed hash.
 *
 * A tenant's key is the service's name, a colon, and the hash, which has no colon. Limits by token count the token, whatever
 * name its service has in the configuration.
 */
export function tokenKeyOf(tenantKey: string): string {
  return tenantKey.slice(tenantKey.lastIndexOf(':') + 1)
}
