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
