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
 * Returns a function that hides a token in the texts of an answer. Undefined in the usual case: the answer does not have it.
 *
 * @param answer the whole answer, as it came
 */
export function hideTokenIn(answer: string, token: string): HideSecrets | undefined {
  if (token.length < SHORTEST_TOKEN) return undefined
  if (!answer.includes(longestRowOf(token))) return undefined
  const form = everyFormOf(token)
  return (text) => text.replace(form, '[token]')
}

/** The last token that was looked at, since most answers in a row are to the same one. */
let last = { token: '', longestRow: '' }

/** Every encoding leaves letters and digits unchanged, so the longest row of them is in every form of a token. */
function longestRowOf(token: string): string {
  if (last.token !== token) {
    const rows = token.split(/[^a-z0-9]+/i)
    last = { token, longestRow: rows.reduce((best, row) => (row.length > best.length ? row : best), '') }
  }
  return last.longestRow
}

function everyFormOf(secret: string): RegExp {
  // Every encoding leaves letters and digits unchanged. JSON in JSON doubles the backslashes at each level. Without a maximum, a
  // long row of them would take time that grows with the square of its length.
  const pattern = secret.replace(/[^a-z0-9]/gi, (character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
    const either = `(?:${hex}|${hex.toUpperCase()})`
    return String.raw`(?:\\{0,8}(?:\x${hex}|u00${either})|%${either})`
  })
  return new RegExp(pattern, 'g')
}
