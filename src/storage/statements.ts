import type { Database } from './open-database.ts'

/** Usual filters need fewer. Unusual ones make new statements without end. */
const MAX_STATEMENTS = 200

/**
 * Prepared statements of one database, by their text.
 *
 * The garbage collector does not see the memory that a statement holds. A busy process that prepares a statement for each use
 * grows by gigabytes.
 */
export class Statements {
  readonly #database: Database
  readonly #statements = new Map<string, ReturnType<Database['prepare']>>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Returns the statement of that text. Prepares it at the first use. */
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
