/** Addresses that are valid only in one network, or on one machine. */
const PRIVATE = [
  /^\/ip4\/(?:0|10|127)\./,
  /^\/ip4\/(?:169\.254|192\.168)\./,
  /^\/ip4\/172\.(?:1[6-9]|2\d|3[01])\./,
  /^\/ip4\/100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^\/ip6\/(?:::1?|(?:f[cd]|fe[89ab])[\da-f:]*)(?:\/|$)/i,
  /^\/dns(?:4|6|addr)?\/(?:[^/]+\.)?(?:localhost|local|internal)\//i,
]

/** Returns the origins that a service in another network may be able to reach. */
export function publicOrigins(origins: readonly string[]): string[] {
  return origins.filter((origin) => !PRIVATE.some((pattern) => pattern.test(origin)))
}
