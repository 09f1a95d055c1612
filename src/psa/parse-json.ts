import { BadRequestError } from '../domain/errors.ts'

/** @throws {BadRequestError} for a text that is not JSON */
export function parseJson(text: string, argument: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw BadRequestError.of(argument, 'JSON', text, cause)
  }
}
