import { statSync } from 'node:fs'

/** A file with a secret, or the directory of such files, is open to others on this machine. The message names the cure. */
export class OpenToOthersError extends Error {
  override readonly name = 'OpenToOthersError'
}

const OTHERS_MAY_WRITE = 0o002
const GROUP_AND_OTHERS = 0o077

/**
 * Refuses a file with a secret that others than its owner may read or write, as ssh does for its keys.
 *
 * @throws {OpenToOthersError} that names the cure
 * @throws {Error} of the system, when there is no such file
 */
export function assertPrivateFile(path: string): void {
  const mode = modeOf(path)
  if ((mode & GROUP_AND_OTHERS) === 0) return
  throw new OpenToOthersError(
    `${path} holds a secret, and its mode ${print(mode)} lets others use it: run chmod 600 ${path}; if others may have read it, remove it instead, and pinql makes a new one`,
  )
}

/**
 * Refuses a data directory in which everybody may write: they could put their own secrets and databases in it.
 *
 * @throws {OpenToOthersError} that names the cure
 * @throws {Error} of the system, when there is no such directory
 */
export function assertOwnDirectory(path: string): void {
  const mode = modeOf(path)
  if ((mode & OTHERS_MAY_WRITE) === 0) return
  throw new OpenToOthersError(
    `The data directory ${path} has the mode ${print(mode)}, so that everybody on this machine may write in it: run chmod 700 ${path}, or name a directory inside it, which pinql then makes for itself`,
  )
}

/** Describes a data directory that its group may write, or that others may list. Returns null for one that is closed to them. */
export function openDirectoryWarning(path: string): string | null {
  const mode = modeOf(path)
  if ((mode & GROUP_AND_OTHERS) === 0) return null
  return `The data directory ${path} has the mode ${print(mode)}, so that others on this machine may look into it or change it: chmod 700 ${path} closes it`
}

/** Windows has no modes: each file looks as if everybody may write it. */
function modeOf(path: string): number {
  return process.platform === 'win32' ? 0 : statSync(path).mode & 0o777
}

function print(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
