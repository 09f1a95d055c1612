/** Levels of arrays and objects in a JSON text from outside. The Pinning Service API and GraphQL's requests need fewer than ten. */
export const MAX_JSON_DEPTH = 100

/**
 * Parses a JSON text that somebody else wrote: a client, a service or a file. Nothing else in the project may parse such a text.
 *
 * Whatever walks the value afterwards may recurse, since its depth is bounded. `JSON.parse` itself takes any depth, but
 * `JSON.stringify`, a log line or a comparison ends in a `RangeError` after some thousand levels. The length of a text is
 * bounded where it is read.
 *
 * @throws {SyntaxError} for a text that is no JSON, or is nested more than 100 levels deep
 */
export function parseUntrustedJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (isDeeper(value, MAX_JSON_DEPTH)) throw new SyntaxError(`Expected JSON of at most ${MAX_JSON_DEPTH} levels`)
  return value
}

/** Returns whether a value of JSON has more levels of arrays and objects. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) {
    for (const each of value) if (typeof each === 'object' && isDeeper(each, levels - 1)) return true
    return false
  }
  const members = value as Readonly<Record<string, unknown>>
  // Without a copy of the members: this runs for every object of every list.
  for (const key in members) if (typeof members[key] === 'object' && isDeeper(members[key], levels - 1)) return true
  return false
}
