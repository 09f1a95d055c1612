import type { Database } from './open-database.ts'

/** More forms than these come from unusual filters only. */
const MAX_STATEMENTS = 200

/**
 * Prepared statements of one database by their text.
 *
 * A statement holds memory that the garbage collector does not see, so preparing one for each use would let a busy
 * process grow by gigabytes.
 */
export class Statements {
  readonly #database: Database
  readonly #statements = new Map<string, ReturnType<Database['prepare']>>()

  constructor(database: Database) {
    this.#database = database
  }

  /** The statement of that text, ready to run. */
  get(sql: string): ReturnType<Database['prepare']> {
    let statement = this.#statements.get(sql)
    if (!statement) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
