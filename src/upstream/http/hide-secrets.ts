/** Takes the secrets of a request out of what the service said of it. */
export type HideSecrets = (text: string) => string

/**
 * Hides a token and an address, which are not the caller's to see where they were configured, even where the service
 * repeats them: as they are, percent-encoded as in a URL, or escaped as in JSON within JSON.
 *
 * @param request what was sent
 */
export function createHideSecrets(request: { readonly token: string; readonly origin: string }): HideSecrets {
  const token = everyFormOf(request.token)
  const host = everyFormOf(new URL(request.origin).host)
  return (text) => text.replace(token, '[token]').replace(host, '[service]')
}

function everyFormOf(secret: string): RegExp {
  // Letters and digits are written as themselves everywhere.
  const pattern = secret.replace(/[^a-z0-9]/gi, (character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
    const either = `(?:${hex}|${hex.toUpperCase()})`
    return String.raw`(?:\\*(?:\x${hex}|u00${either})|%${either})`
  })
  return new RegExp(pattern, 'g')
}
