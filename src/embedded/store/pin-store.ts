import { randomUUID } from 'node:crypto'
import { foldCase } from '../../domain/fold-case.ts'
import type { NewPin, PinStatus, StringMap } from '../../domain/pin.ts'
import { type Database, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { REQUEUE_INTERRUPTED, SUSPECTS } from './interruptions.ts'
import { gramsOf } from './name-grams.ts'
import type { PinFilter } from './pin-filter.ts'
import { PinSearch, SEARCH_BOUNDS } from './pin-search.ts'
import { termsOf } from './pin-terms.ts'
import {
  type ListedPin,
  type ListedRow,
  listedBytes,
  type PinRow,
  type StoredPin,
  toListedPin,
  toStoredPin,
} from './stored-pin.ts'

/** Sums over all pins of one owner. */
export interface OwnerUsage {
  readonly pins: number
  readonly bytes: number
}

/** Reads only the columns of a `ListedRow`: reading columns takes most of the time of a large page. */
const LISTED = `SELECT created, requestid, status, cid, name, origins, meta, info FROM pin
  WHERE created IN (SELECT value FROM json_each(?)) ORDER BY created DESC`

/** Names that get new grams in one step, of about 10 ms. */
const REGRAMMED_NAMES = 20

/** Pins that are read at a time, until a page has its bytes. Each was stored with at most 1 MiB. */
const PINS_AT_A_TIME = 50
/**
 * A page with fewer pins is not cut by its bytes: clients know from the default \`limit\`, which is 10, that every service can
 * list ten.
 */
const FEWEST_PINS = 10

/** The pins of all owners. Every call that a client causes names the owner, so no client reaches the pins of another. */
export class PinStore {
  readonly #database: Database
  readonly #statements: Statements
  readonly #search: PinSearch

  constructor(database: Database) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#search = new PinSearch(database, SEARCH_BOUNDS)
  }

  /** Stores a new pin as `queued`. */
  add(owner: number, pin: NewPin): StoredPin {
    return transaction(this.#database, () => this.#insert(owner, pin))
  }

  /**
   * Stores a pin of a backup as `queued`, with the request id of the backup.
   *
   * `created` is that of the backup, or a new one when another pin has or had it.
   *
   * @returns the pin of that request id. Unchanged when it was there already.
   */
  restore(
    owner: number,
    pin: NewPin,
    { requestId, created }: { requestId: string; created: number },
  ): { restored: StoredPin; isNew: boolean } {
    const row = this.#statements.get('SELECT * FROM pin WHERE requestid = ?').get(requestId)
    if (row) return { restored: toStoredPin(row as PinRow), isNew: false }
    // The collection of a removed pin's garbage would free the blocks of a new pin with the same key.
    const isTaken = this.#statements
      .get('SELECT 1 FROM pin WHERE created = ? UNION ALL SELECT 1 FROM garbage WHERE pin = ?')
      .get(created, created)
    return { restored: this.#insert(owner, pin, requestId, isTaken ? this.#nextKey() : created), isNew: true }
  }

  /** Creates the key of a removed pin that never existed. An import lets it hold blocks until their pins are known. */
  reserveGarbage(): number {
    const key = this.#nextKey()
    this.#database.exec(`DELETE FROM sqlite_sequence WHERE name = 'pin'`)
    this.#statements.get(`INSERT INTO sqlite_sequence (name, seq) VALUES ('pin', ?)`).run(key)
    this.#statements.get('INSERT INTO garbage VALUES (?, NULL)').run(key)
    return key
  }

  /** Returns the owner's pin of that request id, or null. */
  get(owner: number, requestId: string): StoredPin | null {
    const row = this.#statements.get('SELECT * FROM pin WHERE requestid = ? AND owner = ?').get(requestId, owner)
    return row ? toStoredPin(row as PinRow) : null
  }

  /** Returns the pin of that key, or null when it was removed. */
  getByKey(created: number): StoredPin | null {
    const row = this.#statements.get('SELECT * FROM pin WHERE created = ?').get(created)
    return row ? toStoredPin(row as PinRow) : null
  }

  /**
   * Returns one page of the owner's pins, newest first, and the number of all that match. See `PinSearch.find`.
   *
   * @param maxBytes the page ends early with the pin that reaches so many bytes. `count` is then larger than the page, and the rest
   *   comes with `before`, as after a full page. Default: no bound.
   */
  list(owner: number, filter: PinFilter, maxBytes = Number.POSITIVE_INFINITY): { count: number; results: ListedPin[] } {
    const { count, keys } = this.#search.find(owner, filter)
    const results: ListedPin[] = []
    let bytes = 0
    for (let i = 0; i < keys.length; i += PINS_AT_A_TIME) {
      const rows = this.#statements.get(LISTED).all(`[${keys.slice(i, i + PINS_AT_A_TIME)}]`) as ListedRow[]
      for (const row of rows) {
        results.push(toListedPin(row))
        bytes += listedBytes(row)
        if (bytes >= maxBytes && results.length >= FEWEST_PINS) return { count, results }
      }
    }
    return { count, results }
  }

  /**
   * Removes the owner's pin. Its blocks become garbage.
   *
   * @returns the removed pin, or null when the owner has no pin of that request id
   */
  remove(owner: number, requestId: string): StoredPin | null {
    return transaction(this.#database, () => {
      const pin = this.get(owner, requestId)
      if (pin) this.#delete(pin, null)
      return pin
    })
  }

  /**
   * Removes the owner's pin and adds another in one transaction. The blocks of the removed pin stay until the new pin settles.
   *
   * @returns both pins, or null when the owner has no pin of that request id
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

  /** Stores a new status and info. Does nothing when the pin was removed. */
  setStatus(created: number, status: PinStatus, info: StringMap): void {
    this.#statements
      .get('UPDATE pin SET status = ?, info = ? WHERE created = ?')
      .run(status, JSON.stringify(info), created)
  }

  /** Queues the pins that are being fetched. Called when the service stops. */
  requeueUnfinished(): void {
    this.#database.exec(`UPDATE pin SET status = 'queued' WHERE status = 'pinning'`)
  }

  /** Queues the pins that were being fetched when the service broke off. Called when it starts. See `interruptions.ts`. */
  requeueInterrupted(): void {
    transaction(this.#database, () => {
      const { pins } = this.#statements
        .get(`SELECT coalesce(sum(pins), 0) pins FROM usage WHERE status = 'pinning'`)
        .get() as { pins: number }
      if (pins > 0) this.#statements.get(REQUEUE_INTERRUPTED).run(pins === 1 ? 1 : 0)
    })
  }

  /** Returns the keys of the queued pins over which the service broke off several times in a row. See `interruptions.ts`. */
  suspects(): number[] {
    const rows = this.#statements.get(SUSPECTS).all() as { created: number }[]
    return rows.map(({ created }) => created)
  }

  /**
   * Makes new grams for some names that an earlier version has folded. Called until none is left, after the service has started.
   * Until then, `PinSearch` uses no grams for folded names.
   *
   * @returns false when none is left
   */
  regramSome(): boolean {
    return transaction(this.#database, () => {
      const names = this.#statements
        .get('SELECT stale_name.pin, name FROM stale_name LEFT JOIN pin ON created = stale_name.pin LIMIT ?')
        .all(REGRAMMED_NAMES) as { pin: number; name: string | null }[]
      for (const { pin, name } of names) {
        // The pin may have been removed meanwhile.
        if (name !== null) this.#statements.get('UPDATE pin_name SET grams = ? WHERE rowid = ?').run(gramsOf(name), pin)
        this.#statements.get('DELETE FROM stale_name WHERE pin = ?').run(pin)
      }
      return names.length > 0
    })
  }

  /**
   * Returns the oldest queued pin of the next owner in turn.
   *
   * @param after owner of the last turn
   * @param busy owners that must wait, since they have their share of the transfers
   */
  nextQueued(after: number, busy: readonly number[]): StoredPin | null {
    const others = `owner NOT IN (${busy.map(() => '?').join(', ')})`
    const next = this.#statements.get(
      `SELECT * FROM pin INDEXED BY pin_queue WHERE status = 'queued' AND owner > ? AND ${others} ORDER BY owner, created LIMIT 1`,
    )
    const row = next.get(after, ...busy) ?? next.get(-1, ...busy)
    return row ? toStoredPin(row as PinRow) : null
  }

  /** Counts an owner's pins and their bytes. A block that two pins share counts twice. */
  usage(owner: number): OwnerUsage {
    return this.#statements
      .get('SELECT coalesce(sum(pins), 0) pins, coalesce(sum(bytes), 0) bytes FROM usage WHERE owner = ?')
      .get(owner) as OwnerUsage
  }

  /**
   * Returns the time in milliseconds, or the next free one when several pins are added in one millisecond. AUTOINCREMENT remembers the highest key, also of removed pins.
   */
  #nextKey(): number {
    const { last } = this.#statements
      .get(`SELECT coalesce(max(seq), 0) last FROM sqlite_sequence WHERE name = 'pin'`)
      .get() as { last: number }
    return Math.max(Date.now(), last + 1)
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
    // The pin may itself be a replacement. The garbage that waited for it now waits for its own replacement.
    this.#statements.get('UPDATE garbage SET holder = ? WHERE holder = ?').run(holder, created)
    this.#statements.get('INSERT INTO garbage VALUES (?, ?)').run(created, holder)
  }
}
