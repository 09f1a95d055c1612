const TOKEN = /^[\x21-\x7e]+$/
/** Schemes of proxies in front of the gateway, which pass their own passwords on. */
const SCHEMES_OF_OTHERS = /^(?:basic|digest|negotiate)(?: |$)/i

export const SERVICE_TOKEN_PREFIX = 'x-pinning-token-'

/** True for a header that has a token for a service, even one with an empty name. The name is in lower case. */
export function isTokenHeader(name: string): boolean {
  return name === 'authorization' || name.startsWith(SERVICE_TOKEN_PREFIX)
}

/** True for an `Authorization` that is meant for a proxy, and has no token of a service. */
export function isOfOthers(authorization: string): boolean {
  return SCHEMES_OF_OTHERS.test(authorization)
}

/** Returns the token in a header that has nothing else. Null when the text cannot be a token. */
export function plainToken(text: string): string | null {
  const token = text.trim()
  return TOKEN.test(token) ? token : null
}
