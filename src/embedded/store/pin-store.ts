import { randomUUID } from 'node:crypto'
import type { NewPin, PinStatus, StringMap } from '../../domain/pin.ts'
import { type Database, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { foldCase } from './fold-case.ts'
import { REQUEUE_INTERRUPTED } from './interruptions.ts'
import { gramsOf } from './name-grams.ts'
import type { PinFilter } from './pin-filter.ts'
import { PinSearch } from './pin-search.ts'
import { termsOf } from './pin-terms.ts'
import { type ListedPin, type ListedRow, type PinRow, type StoredPin, toListedPin, toStoredPin } from './stored-pin.ts'

/** What one token has stored. */
export interface Usage {
  readonly pins: number
  readonly bytes: number
}

/** A page of many pins takes most of its time for columns that come out of SQLite: those that a `ListedRow` has. */
const LISTED = `SELECT created, requestid, status, cid, name, origins, meta, info FROM pin
  WHERE created IN (SELECT value FROM json_each(?)) ORDER BY created DESC`

/** The pins of all owners. An owner only ever meets its own: each call that a client causes names the owner. */
export class PinStore {
  readonly #database: Database
  readonly #now: () => number
  readonly #statements: Statements
  readonly #search: PinSearch

  /** @param now the clock, in milliseconds; `created` runs ahead of it when more than one pin is added in one */
  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#search = new PinSearch(database)
    this.#now = now
  }

  /** Stores a new pin as `queued`. */
  add(owner: number, pin: NewPin): StoredPin {
    return transaction(this.#database, () => this.#insert(owner, pin))
  }

  /**
   * Stores a pin of a backup as `queued`, with its id and, where no other pin has it or had it, its time.
   *
   * @returns the pin of that request id, as it was where there was one
   */
  restore(
    owner: number,
    pin: NewPin,
    { requestId, created }: { requestId: string; created: number },
  ): { restored: StoredPin; isNew: boolean } {
    const row = this.#statements.get('SELECT * FROM pin WHERE requestid = ?').get(requestId)
    if (row) return { restored: toStoredPin(row as PinRow), isNew: false }
    // What is collected of a removed pin would be the new one's.
    const isTaken = this.#statements
      .get('SELECT 1 FROM pin WHERE created = ? UNION ALL SELECT 1 FROM garbage WHERE pin = ?')
      .get(created, created)
    return { restored: this.#insert(owner, pin, requestId, isTaken ? this.#nextKey() : created), isNew: true }
  }

  /** Makes the key of a removed pin that never was, for blocks that nobody holds for the moment. */
  reserveGarbage(): number {
    const key = this.#nextKey()
    this.#database.exec(`DELETE FROM sqlite_sequence WHERE name = 'pin'`)
    this.#statements.get(`INSERT INTO sqlite_sequence (name, seq) VALUES ('pin', ?)`).run(key)
    this.#statements.get('INSERT INTO garbage VALUES (?, NULL)').run(key)
    return key
  }

  /** The owner's pin of that request id, or null. */
  get(owner: number, requestId: string): StoredPin | null {
    const row = this.#statements.get('SELECT * FROM pin WHERE requestid = ? AND owner = ?').get(requestId, owner)
    return row ? toStoredPin(row as PinRow) : null
  }

  /** The pin of that key, or null once it was removed. */
  getByKey(created: number): StoredPin | null {
    const row = this.#statements.get('SELECT * FROM pin WHERE created = ?').get(created)
    return row ? toStoredPin(row as PinRow) : null
  }

  /** One page of the owner's pins, newest first, and how many match in all: see `PinSearch.find`. */
  list(owner: number, filter: PinFilter): { count: number; results: ListedPin[] } {
    const { count, keys } = this.#search.find(owner, filter)
    const rows = this.#statements.get(LISTED).all(`[${keys}]`) as ListedRow[]
    return { count, results: rows.map(toListedPin) }
  }

  /**
   * Removes the owner's pin; its blocks become garbage.
   *
   * @returns the removed pin, or null where the owner has none of that request id
   */
  remove(owner: number, requestId: string): StoredPin | null {
    return transaction(this.#database, () => {
      const pin = this.get(owner, requestId)
      if (pin) this.#delete(pin, null)
      return pin
    })
  }

  /**
   * Removes the owner's pin and adds another in one step; the old one's blocks stay until the new one is settled.
   *
   * @returns both pins, or null where the owner has none of that request id
   */
  replace(owner: number, requestId: string, pin: NewPin): { removed: StoredPin; added: StoredPin } | null {
    return transaction(this.#database, () => {
      const removed = this.get(owner, requestId)
      if (!removed) return null
      const added = this.#insert(owner, pin)
      this.#delete(removed, added.created)
      return { removed, added }
    })
  }

  /** Writes a pin's new status and info. Does nothing once the pin was removed. */
  setStatus(created: number, status: PinStatus, info: StringMap): void {
    this.#statements
      .get('UPDATE pin SET status = ?, info = ? WHERE created = ?')
      .run(status, JSON.stringify(info), created)
  }

  /** Puts pins that are being fetched back into the queue: the service stops. */
  requeueUnfinished(): void {
    this.#database.exec(`UPDATE pin SET status = 'queued' WHERE status = 'pinning'`)
  }

  /** The same for those that a service left behind which broke off, counted: see `interruptions.ts`. */
  requeueInterrupted(): void {
    this.#database.exec(REQUEUE_INTERRUPTED)
  }

  /**
   * The oldest queued pin of the next owner in turn.
   *
   * @param after the owner whose turn it was last
   * @param busy owners that may not have another turn now
   */
  nextQueued(after: number, busy: readonly number[]): StoredPin | null {
    const others = `owner NOT IN (${busy.map(() => '?').join(', ')})`
    const next = this.#statements.get(
      `SELECT * FROM pin INDEXED BY pin_queue WHERE status = 'queued' AND owner > ? AND ${others} ORDER BY owner, created LIMIT 1`,
    )
    const row = next.get(after, ...busy) ?? next.get(-1, ...busy)
    return row ? toStoredPin(row as PinRow) : null
  }

  /** How many pins an owner has and how many bytes they hold, a block that two pins share counted twice. */
  usage(owner: number): Usage {
    return this.#statements
      .get('SELECT coalesce(sum(pins), 0) pins, coalesce(sum(bytes), 0) bytes FROM usage WHERE owner = ?')
      .get(owner) as Usage
  }

  /** The time by the clock, or the next free one: AUTOINCREMENT remembers the highest ever, also of removed pins. */
  #nextKey(): number {
    const { last } = this.#statements
      .get(`SELECT coalesce(max(seq), 0) last FROM sqlite_sequence WHERE name = 'pin'`)
      .get() as { last: number }
    return Math.max(this.#now(), last + 1)
  }

  #insert(owner: number, pin: NewPin, requestId: string = randomUUID(), created = this.#nextKey()): StoredPin {
    const folded = pin.name === null ? null : foldCase(pin.name)
    const row = this.#statements
      .get(
        `INSERT INTO pin (created, requestid, owner, status, cid, cid_key, name, name_fold, origins, meta, terms)
         VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
      )
      .get(
        created,
        requestId,
        owner,
        pin.cid.text,
        pin.cid.key,
        pin.name,
        folded,
        JSON.stringify(pin.origins),
        JSON.stringify(pin.meta),
        `[${termsOf(pin)}]`,
      ) as PinRow
    if (pin.name)
      this.#statements.get('INSERT INTO pin_name (rowid, grams) VALUES (?, ?)').run(created, gramsOf(pin.name))
    return toStoredPin(row)
  }

  #delete({ created }: StoredPin, holder: number | null): void {
    this.#statements.get('DELETE FROM pin WHERE created = ?').run(created)
    this.#statements.get('DELETE FROM pin_name WHERE rowid = ?').run(created)
    // What this pin held for its own predecessor now waits for its successor.
    this.#statements.get('UPDATE garbage SET holder = ? WHERE holder = ?').run(holder, created)
    this.#statements.get('INSERT INTO garbage VALUES (?, ?)').run(created, holder)
  }
}
