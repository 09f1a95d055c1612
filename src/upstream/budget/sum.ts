/** Returns the sum of the numbers that `numberOf` returns for all values. Without values, it is 0. */
export function sum<T>(values: readonly T[], numberOf: (value: T) => number): number {
  return values.reduce((total, value) => total + numberOf(value), 0)
}
