/**
 * Normalises the base URL of a service: removes trailing slashes, and a `/pins` at the end.
 *
 * @returns null when `text` is not an http or https URL, or has a user, a query or a fragment. A user would leak into logs,
 *   and requests would drop the others.
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
