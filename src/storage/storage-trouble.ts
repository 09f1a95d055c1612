/** SQLite's primary result codes that come from outside the program and pass: BUSY, NOMEM, READONLY, IOERR, FULL, CANTOPEN. */
const TROUBLES: Readonly<Record<number, string>> = {
  5: 'another process holds the database',
  7: 'there is no memory left',
  8: 'the database is read-only',
  10: 'the disk reports errors',
  13: 'the disk is full',
  14: 'the database cannot be opened',
}

/**
 * Says in words why the disk does not take or give what is stored, such as `the disk is full`.
 *
 * @returns null for any error that is not the disk's but the program's
 * @see https://sqlite.org/rescode.html
 */
export function storageTrouble(error: unknown): string | null {
  const { errcode } = error as { errcode?: unknown }
  // The extended code has the primary one in its lowest byte.
  return (typeof errcode === 'number' && TROUBLES[errcode & 0xff]) || null
}
