/** Cost of a field before its own fields are counted. */
export interface FieldCost {
  /**
   * Returns how many requests to services the field needs if it is resolved several times in one operation. Default: none.
   *
   * @param times number of objects for which the field is resolved. Their requests may be shared.
   */
  readonly requests?: (args: FieldArgs, times: number, env: CostEnvironment) => number
  /**
   * Returns the number of elements of the list. Default: 1. A list whose length nobody knows before has `isOpen` in addition.
   *
   * @param parentArgs arguments of the field that contains this one
   */
  readonly size?: (args: FieldArgs, env: CostEnvironment, parentArgs: FieldArgs) => number
  /** True for a list whose length depends on what the services have. Its elements are counted while the operation runs. */
  readonly isOpen?: true
  /** The list argument with at most 1,000 items, by its path, such as `['input', 'ids']`. */
  readonly items?: readonly [string, ...string[]]
}

/**
 * Returns an argument by its name, as the client wrote it: not checked, and without its default. A cost that reads no variable by it is
 * computed once for an operation.
 */
export type FieldArgs = (name: string) => unknown

export interface CostEnvironment {
  /** Number of configured services. */
  readonly services: number
}

/** Makes the extensions of a field that costs something. */
export function costs(cost: FieldCost): { readonly extensions: { readonly cost: FieldCost } } {
  return { extensions: { cost } }
}

/** Maximum items of a list argument: ids, CIDs or changes of one field. */
export const MAX_ITEMS = 1_000

/** Returns the length of a list argument, by its path. A single value counts as a list of one, as GraphQL has it. */
export function lengthOf(args: FieldArgs, name: string, ...path: readonly string[]): number {
  let value = args(name)
  for (const key of path)
    value = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined
  if (value === undefined || value === null) return 0
  return Array.isArray(value) ? value.length : 1
}

/** Returns a whole number argument; the default for anything else. */
export function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && value > 0 ? value : fallback
}

/** Requests for pins by their ids or CIDs, of which ten share one. */
export function lookups(pins: number): number {
  return Math.ceil(pins / 10)
}
