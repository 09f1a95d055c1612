import { randomUUID } from 'node:crypto'
import type { Database } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'

/**
 * - `kubo_holder` says which pin needs which pin of Kubo. The row is there before Kubo is asked, and goes after Kubo was
 *   asked to unpin, so that a crash leaves a row too many at worst.
 * - `kubo_pin` lists what was pinned in Kubo by us. What its owner had pinned before is not in it, and is never unpinned.
 * - `kubo_name` is what our pins are called in Kubo: other services may use the same daemon.
 */
const SQL = `
CREATE TABLE IF NOT EXISTS kubo_holder (pin INTEGER PRIMARY KEY, cid TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS kubo_holder_by_cid ON kubo_holder (cid);
CREATE TABLE IF NOT EXISTS kubo_pin (cid TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kubo_name (name TEXT NOT NULL) STRICT;
`

/** What a Kubo daemon keeps for our pins. CIDs are of version 1 and in base32, as Kubo writes them. */
export class KuboLedger {
  readonly #statements: Statements
  /** What our pins are called in Kubo. */
  readonly name: string

  /** @throws {Error} for a database that has blocks of its own */
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

  /** Notes that a pin needs a CID. */
  hold(pin: number, cid: string): void {
    this.#statements.get('INSERT INTO kubo_holder VALUES (?, ?) ON CONFLICT DO NOTHING').run(pin, cid)
  }

  /** What a pin needs, or null. */
  cidOf(pin: number): string | null {
    const row = this.#statements.get('SELECT cid FROM kubo_holder WHERE pin = ?').get(pin)
    return row ? (row as { cid: string }).cid : null
  }

  /** Forgets what a pin needs. */
  drop(pin: number): void {
    this.#statements.get('DELETE FROM kubo_holder WHERE pin = ?').run(pin)
  }

  /** Whether any pin, or any but one, needs a CID. */
  isHeld(cid: string, options: { butBy?: number } = {}): boolean {
    const sql = 'SELECT 1 FROM kubo_holder WHERE cid = ? AND pin <> ? LIMIT 1'
    return this.#statements.get(sql).get(cid, options.butBy ?? -1) !== undefined
  }

  /** Notes that the pin of Kubo is ours, before it is made. */
  own(cid: string): void {
    this.#statements.get('INSERT INTO kubo_pin VALUES (?) ON CONFLICT DO NOTHING').run(cid)
  }

  isOwn(cid: string): boolean {
    return this.#statements.get('SELECT 1 FROM kubo_pin WHERE cid = ?').get(cid) !== undefined
  }

  /** Notes that the pin of Kubo is not ours, or is gone. */
  disown(cid: string): void {
    this.#statements.get('DELETE FROM kubo_pin WHERE cid = ?').run(cid)
  }

  /** CIDs that we pinned in Kubo, and no pin of ours needs. */
  unneeded(): string[] {
    const sql =
      'SELECT cid FROM kubo_pin WHERE NOT EXISTS (SELECT 1 FROM kubo_holder WHERE kubo_holder.cid = kubo_pin.cid)'
    return (this.#statements.get(sql).all() as { cid: string }[]).map(({ cid }) => cid)
  }

  /** Notes what a pin's content consists of. */
  measure(pin: number, { blocks, bytes }: { blocks: number; bytes: number }): void {
    this.#statements.get('UPDATE pin SET blocks = ?, bytes = ? WHERE created = ?').run(blocks, bytes, pin)
  }

  /** Up to 1,000 pinned pins from a key on, the oldest first, with the CID that each needs, if it has any. */
  pinnedAfter(last: number): { created: number; cid: string | null }[] {
    const sql = `SELECT created, kubo_holder.cid FROM pin LEFT JOIN kubo_holder ON kubo_holder.pin = created
      WHERE status = 'pinned' AND created > ? ORDER BY created LIMIT 1000`
    return this.#statements.get(sql).all(last) as { created: number; cid: string | null }[]
  }
}

/**
 * Makes sure that the database itself keeps the content of its pins, for work that is done on blocks.
 *
 * @throws {Error} where a Kubo daemon keeps it
 */
export function assertNoKubo(database: Database): void {
  const hasTable = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'kubo_holder'`).get()
  if (!hasTable || !database.prepare('SELECT 1 FROM kubo_holder LIMIT 1').get()) return
  throw new Error('A Kubo daemon keeps the content of these pins: expected a data directory with blocks of its own')
}
