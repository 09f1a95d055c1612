const TOKEN = /^[\x21-\x7e]+$/
/** The end of a name of a token. */
const TOKEN_NAME = /(?:token|(?:api|secret|access)[-_]?key|jwt|bearer|authorization|credential|password|secret)s?$/i
/** Headers that browsers, proxies and clouds add for themselves, and tokens against forged requests of pages. */
const OF_OTHERS =
  /^(?:sec|cf|cdn|fly|proxy|x-forwarded|x-amzn?|x-goog|x-serverless|x-ms|x-vercel|x-envoy|x-auth-request|x-authentik)-|csrf|xsrf/i

export const SERVICE_TOKEN_PREFIX = 'x-pinning-token-'

/** True for a header that has a token for a service, even one with an empty name. The name is in lower case. */
export function isTokenHeader(name: string): boolean {
  return name === 'authorization' || name.startsWith(SERVICE_TOKEN_PREFIX)
}

/**
 * Returns whether a name is that of some other place for a token, such as `X-API-Key` or `authToken`. What is there was meant for a
 * service, so it must not be passed over.
 *
 * @param name in any case
 */
export function looksLikeToken(name: string): boolean {
  return TOKEN_NAME.test(name) && !OF_OTHERS.test(name) && !isTokenHeader(name.toLowerCase())
}

/** Returns the token in a header that has nothing else. Null when the text cannot be a token. */
export function parsePlainToken(text: string): string | null {
  const token = text.trim()
  return TOKEN.test(token) ? token : null
}
