import { randomUUID } from 'node:crypto'
import type { Database } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'

/**
 * - `kubo_holder` has the pins of the service and the CID in Kubo that each needs. A row is written before Kubo is asked to
 *   pin, and deleted after Kubo was asked to unpin. So a crash leaves a row too many at worst.
 * - `kubo_pin` has the CIDs that the service pinned in Kubo. Pins that the daemon's owner made before are not in it, and are
 *   never unpinned.
 * - `kubo_name` has the name of the service's pins in Kubo. Other services may use the same daemon.
 */
const SQL = `
CREATE TABLE IF NOT EXISTS kubo_holder (pin INTEGER PRIMARY KEY, cid TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS kubo_holder_by_cid ON kubo_holder (cid);
CREATE TABLE IF NOT EXISTS kubo_pin (cid TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kubo_name (name TEXT NOT NULL) STRICT;
`

/** Records of the pins that a Kubo daemon keeps for this service. CIDs are of version 1 and in base32, as Kubo prints them. */
export class KuboLedger {
  readonly #statements: Statements
  /** Name of our pins in Kubo. */
  readonly name: string

  /** @throws {Error} when the database has blocks of its own */
  constructor(database: Database) {
    if (database.prepare('SELECT 1 FROM block LIMIT 1').get()) {
      throw new Error('The data directory has blocks of its own: with Kubo, expected a new one, or one used with Kubo')
    }
    database.exec(SQL)
    this.#statements = new Statements(database)
    const row = this.#statements.get('SELECT name FROM kubo_name').get() as { name: string } | undefined
    this.name = row?.name ?? `pinql-${randomUUID().slice(0, 8)}`
    if (!row) this.#statements.get('INSERT INTO kubo_name VALUES (?)').run(this.name)
  }

  /** Records that a pin needs a CID. */
  hold(pin: number, cid: string): void {
    this.#statements.get('INSERT INTO kubo_holder VALUES (?, ?) ON CONFLICT DO NOTHING').run(pin, cid)
  }

  /** Returns the CID that a pin needs, or null. */
  cidOf(pin: number): string | null {
    const row = this.#statements.get('SELECT cid FROM kubo_holder WHERE pin = ?').get(pin)
    return row ? (row as { cid: string }).cid : null
  }

  /** Deletes the record of `hold`. */
  drop(pin: number): void {
    this.#statements.get('DELETE FROM kubo_holder WHERE pin = ?').run(pin)
  }

  /** True when a pin other than `butBy` needs the CID. */
  isHeld(cid: string, options: { butBy?: number } = {}): boolean {
    const sql = 'SELECT 1 FROM kubo_holder WHERE cid = ? AND pin <> ? LIMIT 1'
    return this.#statements.get(sql).get(cid, options.butBy ?? -1) !== undefined
  }

  /** Records that the pin of this CID in Kubo is ours. Called before the pin is made. */
  own(cid: string): void {
    this.#statements.get('INSERT INTO kubo_pin VALUES (?) ON CONFLICT DO NOTHING').run(cid)
  }

  isOwn(cid: string): boolean {
    return this.#statements.get('SELECT 1 FROM kubo_pin WHERE cid = ?').get(cid) !== undefined
  }

  /** Records that the pin of this CID in Kubo is not ours, or is gone. */
  disown(cid: string): void {
    this.#statements.get('DELETE FROM kubo_pin WHERE cid = ?').run(cid)
  }

  /** Returns the CIDs that we pinned in Kubo and that no pin of ours needs. */
  unneeded(): string[] {
    const sql =
      'SELECT cid FROM kubo_pin WHERE NOT EXISTS (SELECT 1 FROM kubo_holder WHERE kubo_holder.cid = kubo_pin.cid)'
    return (this.#statements.get(sql).all() as { cid: string }[]).map(({ cid }) => cid)
  }

  /** Stores the size of a pin's content. */
  measure(pin: number, { blocks, bytes }: { blocks: number; bytes: number }): void {
    this.#statements.get('UPDATE pin SET blocks = ?, bytes = ? WHERE created = ?').run(blocks, bytes, pin)
  }

  /** Returns up to 1,000 pinned pins after a key, oldest first, with the CID that each needs in Kubo, or null. */
  pinnedAfter(last: number): { created: number; cid: string | null }[] {
    const sql = `SELECT created, kubo_holder.cid FROM pin LEFT JOIN kubo_holder ON kubo_holder.pin = created
      WHERE status = 'pinned' AND created > ? ORDER BY created LIMIT 1000`
    return this.#statements.get(sql).all(last) as { created: number; cid: string | null }[]
  }
}

/**
 * Checks that the content of pins is in the database itself. Called before work on blocks.
 *
 * @throws {Error} when a Kubo daemon keeps the content
 */
export function assertNoKubo(database: Database): void {
  const hasTable = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'kubo_holder'`).get()
  if (!hasTable || !database.prepare('SELECT 1 FROM kubo_holder LIMIT 1').get()) return
  throw new Error('A Kubo daemon keeps the content of these pins: expected a data directory with blocks of its own')
}
