import { randomUUID } from 'node:crypto'
import { BadRequestError } from '../domain/errors.ts'

/** Excludes control, format, unassigned and separator characters, apart from spaces. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u

/** Returns the client's key unchecked, or a new key. */
export function idempotencyKeyOf({ idempotencyKey }: { readonly idempotencyKey?: string | null | undefined }): string {
  return idempotencyKey ?? newKey()
}

/**
 * Checks the key under which a change is made at most once.
 *
 * @param path of the argument, for the error
 * @throws {BadRequestError} for anything but 1 to 255 printable characters
 */
export function checkIdempotencyKey(key: string, path: string): void {
  if (PRINTABLE.test(key)) return
  throw BadRequestError.of(path, '1 to 255 printable characters, or null to have a key made', key)
}

/** Makes a UUID of version 7. It begins with the time, so that records of consecutive changes are stored side by side. */
function newKey(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
