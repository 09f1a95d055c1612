/** Another connection holds a lock: https://sqlite.org/rescode.html#busy */
const BUSY = 5
const NOT_A_DATABASE = 26

/** Primary result codes of SQLite for causes outside the program that may pass: BUSY, NOMEM, READONLY, IOERR, FULL, CANTOPEN. */
const TROUBLES: Readonly<Record<number, string>> = {
  [BUSY]: 'another process holds the database',
  7: 'there is no memory left',
  8: 'the database is read-only',
  10: 'the disk reports errors',
  13: 'the disk is full',
  14: 'the database cannot be opened',
}

/**
 * Describes why the disk cannot be read or written, such as `the disk is full`.
 *
 * @returns null for every other error, which is a bug
 * @see https://sqlite.org/rescode.html
 */
export function storageTrouble(error: unknown): string | null {
  const code = primaryCodeOf(error)
  return (code !== null && TROUBLES[code]) || null
}

/** Returns whether another process holds the database. It may be free again in a moment. */
export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === BUSY
}

/** Returns whether a file is no database, or a broken one: https://sqlite.org/rescode.html#notadb */
export function isNoDatabase(error: unknown): boolean {
  return primaryCodeOf(error) === NOT_A_DATABASE
}

function primaryCodeOf(error: unknown): number | null {
  const { errcode } = Object(error) as { errcode?: unknown }
  // The lowest byte of an extended code is its primary code.
  return typeof errcode === 'number' ? errcode & 0xff : null
}
