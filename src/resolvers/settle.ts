import { PinqlError } from '../domain/errors.ts'

/** Makes an expected failure a value; a bug stays thrown. */
export async function settle<Value>(attempt: () => Value | Promise<Value>): Promise<Value | PinqlError> {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof PinqlError) return error
    throw error
  }
}
