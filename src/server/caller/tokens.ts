const TOKEN = /^[\x21-\x7e]+$/
/** Of proxies in front, which pass their own passwords on; none of them is a token for us. */
const SCHEMES_OF_OTHERS = /^(?:basic|digest|negotiate)(?: |$)/i

export const SERVICE_TOKEN_PREFIX = 'x-pinning-token-'

/** Whether a header, its name in lower case, has a token for a service, if only for one without a name. */
export function isTokenHeader(name: string): boolean {
  return name === 'authorization' || name.startsWith(SERVICE_TOKEN_PREFIX)
}

/** Whether `Authorization` has something that is no token of ours, and none that is malformed. */
export function isOfOthers(authorization: string): boolean {
  return SCHEMES_OF_OTHERS.test(authorization)
}

/** The token in `Bearer TOKEN`; null for any other text. */
export function bearerToken(text: string): string | null {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(text)?.[1] ?? null
  return token?.toLowerCase() === 'bearer' ? null : token
}

/** The token in a header of its own; null for what cannot be one. */
export function plainToken(text: string): string | null {
  const token = text.trim()
  return TOKEN.test(token) ? token : null
}
