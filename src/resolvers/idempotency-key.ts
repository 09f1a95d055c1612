import { randomUUID } from 'node:crypto'
import { BadRequestError } from '../domain/errors.ts'

/** No control, format, unassigned or separator characters but spaces. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u

/**
 * Checks the key under which a write is made at most once, or makes one.
 *
 * @param path of the argument
 * @throws {BadRequestError} for anything but 1 to 255 printable characters
 */
export function parseIdempotencyKey(key: string | null | undefined, path: string): string {
  if (key == null) return randomUUID()
  if (PRINTABLE.test(key)) return key
  throw BadRequestError.of(path, '1 to 255 printable characters', key)
}
