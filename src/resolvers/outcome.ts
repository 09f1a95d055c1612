import { PinqlError } from '../domain/errors.ts'

/** The result of an attempt: a value, or the expected failure in place of it. */
export type Outcome<Value> = Value | PinqlError

/** Makes an attempt, and returns an expected failure as a value. A bug is thrown on. */
export async function outcomeOf<Value>(attempt: () => Value | Promise<Value>): Promise<Outcome<Value>> {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof PinqlError) return error
    throw error
  }
}
