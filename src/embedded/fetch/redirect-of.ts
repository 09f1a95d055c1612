/**
 * Returns the URL that a redirect leads to, without credentials.
 *
 * @param location the header of that name. It may be relative. Null when the answer has none.
 * @throws {Error} for a redirect that is never followed: to plain http from https, to another protocol, or to nowhere
 */
export function redirectOf(location: string | null, from: URL): URL {
  if (!location || !URL.canParse(location, from.href)) throw new Error('it redirected to nowhere')
  const to = new URL(location, from)
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw new Error(`it redirected to ${to.protocol}`)
  if (from.protocol === 'https:' && to.protocol === 'http:') throw new Error('it redirected from https to http')
  to.username = ''
  to.password = ''
  return to
}
