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

/** A setting that is a whole number within bounds, with a default. */
export function numberSetting(
  description: string,
  { min, max, unit, fallback }: { min: number; max: number; unit?: 'bytes' | 'milliseconds'; fallback: number },
) {
  const expects = `a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`
  return setting(expects, description, (expected) => wholeNumber(expected, min, max).default(fallback))
}

/** A setting that is a number of things, 1 to 1,000,000. */
export function count(description: string, fallback: number) {
  return numberSetting(description, { min: 1, max: 1_000_000, fallback })
}

/** A setting that is a time of at most ten minutes. */
export function milliseconds(description: string, { min = 100, fallback }: { min?: number; fallback: number }) {
  return numberSetting(description, { min, max: 600_000, unit: 'milliseconds', fallback })
}

/** Values of an {@link onOff} setting. On the command line, such a setting needs no value. */
export const ON_OFF = 'true or false'

/** A setting that is on or off. Undefined when it is not given: the gateway then decides. */
export function onOff(description: string) {
  return setting(ON_OFF, description, (expected) => trueOrFalse(expected).optional())
}

/** True or false, or their texts, which the environment and the command line give. */
export function trueOrFalse(expected: string) {
  return z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean(expected))
}

/** Splits a list that is one text with commas, as the environment and the command line give it. */
export function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}
