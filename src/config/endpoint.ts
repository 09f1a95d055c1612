/**
 * A service's base URL as requests build on it: no trailing slash, and no `/pins` that was pasted along.
 *
 * @returns null when `text` is not an http(s) URL, or has a user, a query or a fragment, which would leak into logs or get lost
 */
export function normaliseEndpoint(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const isPlain = !url.username && !url.password && !url.search && !url.hash
  if (!isPlain || !/^https?:$/.test(url.protocol)) return null
  return url.href
    .replace(/\/+$/, '')
    .replace(/\/pins$/, '')
    .replace(/\/+$/, '')
}
