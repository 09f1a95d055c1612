import { existsSync } from 'node:fs'

// Loaded into an attacked process: while the file `full-disk` is in its folder, its databases cannot grow, as on a full disk.

const getBuiltinModule = process.getBuiltinModule?.bind(process)
const driver = getBuiltinModule?.('node:sqlite') ?? (await import('@photostructure/sqlite'))
/** More pages than a database may have: SQLite takes the most that it may. */
const NO_LIMIT = 0xffffffff

class LimitedDatabase extends driver.DatabaseSync {
  exec(sql) {
    // With a limit below its size, a database keeps the pages that it has.
    if (sql.startsWith('BEGIN')) super.exec(`PRAGMA max_page_count = ${existsSync('full-disk') ? 1 : NO_LIMIT}`)
    super.exec(sql)
  }
}

process.getBuiltinModule = (id) =>
  id === 'node:sqlite' ? { ...driver, DatabaseSync: LimitedDatabase } : getBuiltinModule?.(id)
