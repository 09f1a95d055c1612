import { BadRequestError } from '../domain/errors.ts'
import { parseUntrustedJson, TooMuchJsonError } from '../domain/untrusted-json.ts'

/**
 * @param options.maxValues values that the text may have. Default: a million.
 * @throws {BadRequestError} for a text that is not JSON, is nested too deep, or has more values
 */
export function parseJson(text: string, argument: string, options: { maxValues?: number } = {}): unknown {
  try {
    return parseUntrustedJson(text, options)
  } catch (cause) {
    throw BadRequestError.of(argument, cause instanceof TooMuchJsonError ? cause.expected : 'JSON', text, cause)
  }
}
