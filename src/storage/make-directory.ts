import { mkdirSync } from 'node:fs'
import { FileTroubleError } from './file-trouble.ts'

/**
 * Makes a directory for its owner alone, and those above it, where they are missing.
 *
 * @throws {FileTroubleError} when the system refuses it, such as where there is a file of that name
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new FileTroubleError(`Cannot make the directory ${path}`, { cause })
  }
}
