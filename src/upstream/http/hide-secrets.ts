/** Removes the secrets of a request from what the service said about it. */
export type HideSecrets = (text: string) => string

/**
 * Hides a request's token and host wherever the service repeats them. They may be configured, and then the caller must not
 * see them.
 *
 * It finds them unchanged, percent-encoded as in a URL, and escaped as in JSON within JSON.
 *
 * @param request the request that was sent
 */
export function createHideSecrets(request: { readonly token: string; readonly origin: string }): HideSecrets {
  const token = everyFormOf(request.token)
  const host = everyFormOf(new URL(request.origin).host)
  return (text) => text.replace(token, '[token]').replace(host, '[service]')
}

/** Shorter tokens are not hidden in pins, since ordinary words may contain them. The log has the same limit. */
const SHORTEST_TOKEN = 6

/**
 * Creates a function that looks for a token in an answer, as it came, and returns a function that hides it in the answer's texts.
 * Undefined in the usual case: the answer does not have the token.
 */
export function createHideTokenIn(token: string): (answer: string) => HideSecrets | undefined {
  if (token.length < SHORTEST_TOKEN) return () => undefined
  const row = longestRowOf(token)
  return (answer) => {
    if (!answer.includes(row)) return undefined
    const form = everyFormOf(token)
    return (text) => text.replace(form, '[token]')
  }
}

/** Every encoding leaves letters and digits unchanged, so the longest row of them is in every form of a token. */
function longestRowOf(token: string): string {
  const rows = token.split(/[^a-z0-9]+/i)
  return rows.reduce((best, row) => (row.length > best.length ? row : best), '')
}

/**
 * Characters of a secret that are looked for. V8 refuses the pattern of thousands of signs, and each place of a text that begins like it would
 * be compared with all of them.
 */
const MAX_LOOKED_FOR = 256

function everyFormOf(secret: string): RegExp {
  // Every encoding leaves letters and digits unchanged. JSON in JSON doubles the backslashes at each level. Without a maximum, a
  // long row of them would take time that grows with the square of its length.
  const looked = secret.slice(0, MAX_LOOKED_FOR)
  const pattern = looked.replace(/\\+|[^a-z0-9\\]/gi, (character, at: number) => {
    // A row of backslashes in the secret itself has no further ones before it, and neither has what follows it: there would be more ways
    // to divide a row in the text than anybody can try.
    if (character.startsWith('\\')) return String.raw`(?:\\|u005[cC]|%5[cC]){1,128}`
    const before = looked[at - 1] === '\\' ? '' : String.raw`\\{0,8}`
    const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
    const either = `(?:${hex}|${hex.toUpperCase()})`
    return String.raw`(?:${before}(?:\x${hex}|u00${either})|%${either})`
  })
  // No form of a token has a blank in it, so the rest of a long one ends before the next.
  return new RegExp(secret.length > MAX_LOOKED_FOR ? `${pattern}\\S*` : pattern, 'g')
}
