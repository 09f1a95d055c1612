import type { Database } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'

/** The removed pins whose content must still be freed. */
export class Garbage {
  readonly #statements: Statements

  constructor(database: Database) {
    this.#statements = new Statements(database)
  }

  /** Returns the key of a removed pin whose content no unfinished replacement may need, or null. */
  next(): number | null {
    const row = this.#statements
      .get(
        `SELECT pin FROM garbage LEFT JOIN pin AS holder ON holder.created = garbage.holder
         WHERE holder.status IS NULL OR holder.status IN ('pinned', 'failed') LIMIT 1`,
      )
      .get()
    return row ? (row as { pin: number }).pin : null
  }

  /** Takes a pin off the list. Called when its content is freed. */
  remove(pin: number): void {
    this.#statements.get('DELETE FROM garbage WHERE pin = ?').run(pin)
  }
}
