import { z } from 'zod'

/**
 * Describes a setting. All error messages of a setting are the same "expected …" text, which states the whole rule.
 */
export function setting<T extends z.ZodType>(expects: string, description: string, build: (expected: string) => T): T {
  return build(expects).meta({ description, expects })
}

/** A whole number, or its text, which the environment and the command line give. */
export function wholeNumber(expected: string, min: number, max: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int(expected).min(min, expected).max(max, expected),
  )
}
