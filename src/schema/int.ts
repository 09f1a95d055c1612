const MAX_INT = 2 ** 31 - 1

/** Services write what they like; what GraphQL's `Int` of 32 bits cannot hold would be an error of the field. */
export function toInt(value: number | null): number | null {
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_INT ? value : null
}

/** The nearest number that `Int` can hold, for a bound. */
export function toNearestInt(value: number): number {
  return Math.min(MAX_INT, Math.max(-MAX_INT, Math.round(value)))
}
