import type { Database } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'

/** The removed pins whose content is still to be freed. */
export class Garbage {
  readonly #statements: Statements

  constructor(database: Database) {
    this.#statements = new Statements(database)
  }

  /** The key of one whose content no unfinished replacement may need, or null. */
  next(): number | null {
    const row = this.#statements
      .get(
        `SELECT pin FROM garbage LEFT JOIN pin AS holder ON holder.created = garbage.holder
         WHERE holder.status IS NULL OR holder.status IN ('pinned', 'failed') LIMIT 1`,
      )
      .get()
    return row ? (row as { pin: number }).pin : null
  }

  /** Forgets a pin whose content is freed. */
  remove(pin: number): void {
    this.#statements.get('DELETE FROM garbage WHERE pin = ?').run(pin)
  }
}
