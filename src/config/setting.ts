import { z } from 'zod'

/**
 * Describes a setting. Each message of a field is the same "expected …" text: a reader wants the rule, not which half of it
 * was broken.
 */
export function setting<T extends z.ZodType>(expects: string, description: string, build: (expected: string) => T): T {
  return build(expects).meta({ description, expects })
}

/** A whole number; from the environment and the command line they come as text. */
export function wholeNumber(expected: string, min: number, max: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int(expected).min(min, expected).max(max, expected),
  )
}
