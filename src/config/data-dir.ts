import { homedir } from 'node:os'
import { resolve } from 'node:path'

/** `~`, `$HOME` or `${HOME}` at the beginning of a path. */
const HOME = /^(?:~|\$HOME|\$\{HOME\})(?=[\\/]|$)/

/**
 * Returns the absolute path of a data directory. A shell replaces `~` and `$HOME`, which a file or a quoted text has as they are, so they
 * are replaced here, too.
 *
 * @param cwd base of a relative path
 * @returns null for the home of another user, and for another variable: a directory of that name would be made
 */
export function resolveDataDir(text: string, cwd: string): string | null {
  const path = text.replace(HOME, () => homedir())
  return path === '' || /^[~$]/.test(path) ? null : resolve(cwd, path)
}
