import { BadRequestError } from '../domain/errors.ts'
import { parseUntrustedJson } from '../domain/untrusted-json.ts'

/** @throws {BadRequestError} for a text that is not JSON, or is nested too deep */
export function parseJson(text: string, argument: string): unknown {
  try {
    return parseUntrustedJson(text)
  } catch (cause) {
    throw BadRequestError.of(argument, 'JSON', text, cause)
  }
}
