import { BadRequestError } from '../domain/errors.ts'

/** No control, format, unassigned or separator characters but spaces. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u

/**
 * Checks the key under which a write is made at most once.
 *
 * @param path of the argument
 * @throws {BadRequestError} for anything but 1 to 255 printable characters
 */
export function checkIdempotencyKey(key: string, path: string): void {
  if (PRINTABLE.test(key)) return
  throw BadRequestError.of(path, '1 to 255 printable characters, or null to have a key made', key)
}
