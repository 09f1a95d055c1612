const HIDDEN = '[redacted]'

// A secret under a key of a JSON line that names it. The value is a text or a list of texts.
const JSON_TEXT = String.raw`"(?:[^"\\]|\\.)*"`
const SECRET_KEY = String.raw`"(?:proxy-)?authorization"|"x-pinning-token-[^"\\]*"|"(?:access_?|auth_?)?tokens?"|"cookie"|"set-cookie"`
const SECRET_FIELD = new RegExp(String.raw`(${SECRET_KEY})(\s*:\s*)(?:${JSON_TEXT}|\[(?:${JSON_TEXT}|[^\]"])*\])`, 'gi')

// A secret in running text, such as a dumped header.
const BEARER = /(\bbearer(?:\s|\\[nrt])+)[^\s"'\\,;]+/gi
const HEADER_IN_TEXT =
  /(\b(?:x-pinning-token-[a-z0-9-]+|authorization)(?:\\?["'])?\s*[:=]\s*(?:\\?["'])?)(?!bearer\b)[^\s"'\\,;]+/gi

/** Removes the secrets from one log line. */
export type Redact = (line: string) => string

/**
 * Makes the filter that every log line passes last. So it finds a token wherever it is: in a field at any depth, in a message,
 * in an error or its cause.
 *
 * Tokens of callers are found by the words around them: keys named `token`, `Authorization` and `x-pinning-token-*`, and the
 * word after `Bearer`.
 *
 * @param secrets tokens that are known beforehand, hidden wherever they occur. Tokens under 6 characters are not, since
 *   ordinary words may contain them.
 */
export function createRedact(secrets: readonly string[]): Redact {
  // Escaped as in a JSON line. The longest comes first, since a token that begins with another would keep its end.
  const known = secrets
    .filter((secret) => secret.length >= 6)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .sort((a, b) => b.length - a.length)
  return (line) => {
    const plain = line
      .replace(SECRET_FIELD, `$1$2"${HIDDEN}"`)
      .replace(BEARER, `$1${HIDDEN}`)
      .replace(HEADER_IN_TEXT, `$1${HIDDEN}`)
    return known.reduce((text, secret) => text.replaceAll(secret, HIDDEN), plain)
  }
}
