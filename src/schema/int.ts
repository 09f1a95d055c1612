const MAX_INT = 2 ** 31 - 1

/** Returns null for a number that GraphQL's `Int` of 32 bits cannot hold: it would be an error of the field. Services send any. */
export function toInt(value: number | null): number | null {
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_INT ? value : null
}

/** Returns the nearest number that `Int` can hold. For bounds, where the nearest number is good enough. */
export function toNearestInt(value: number): number {
  return Math.min(MAX_INT, Math.max(-MAX_INT, Math.round(value)))
}
