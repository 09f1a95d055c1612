import { foldCase } from '../../domain/fold-case.ts'
import { PIN_STATUSES, type StringMap } from '../../domain/pin.ts'
import type { Database, DatabaseSchema } from '../../storage/open-database.ts'
import { GRAM_PREFIXES, gramsOf } from './name-grams.ts'
import { foldedNameTerm, termsOf } from './pin-terms.ts'

/** Names that an upgrade reads at a time. */
const NAMES_AT_A_TIME = 10_000

/** The status as a small number: its place in `PIN_STATUSES`. */
const STATUS_CODE = `CASE status ${PIN_STATUSES.map((status, code) => `WHEN '${status}' THEN ${code}`).join(' ')} END`

/**
 * The tables of the service.
 *
 * - `pin.created` is the time in milliseconds. It is unique, never used twice (AUTOINCREMENT), and the key of the pin in all
 *   other tables.
 * - A block is written together with its first reference, and deleted together with its last one. So the table `block` has
 *   exactly the blocks that `pin_block` names. `garbage` lists removed pins whose references must still be dropped.
 *   `garbage.holder` is an unfinished replacement that may still need the blocks.
 * - `usage` counts pins and bytes per owner and status. Triggers keep it, since counting a million rows takes too long.
 * - `pin.terms` lists the pin's terms in `pin_term`: see `SEARCH_SQL`.
 */
const SQL = `
CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE token (
  hash BLOB PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owner (id),
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pin (
  created INTEGER PRIMARY KEY AUTOINCREMENT,
  requestid TEXT NOT NULL UNIQUE,
  owner INTEGER NOT NULL REFERENCES owner (id),
  status TEXT NOT NULL CHECK (status IN ('queued', 'pinning', 'pinned', 'failed')),
  cid TEXT NOT NULL,
  cid_key TEXT NOT NULL,
  name TEXT,
  name_fold TEXT,
  origins TEXT NOT NULL,
  meta TEXT NOT NULL,
  info TEXT NOT NULL DEFAULT '{}',
  blocks INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  terms TEXT NOT NULL DEFAULT '[]',
  status_code INTEGER AS (${STATUS_CODE})
) STRICT;
CREATE INDEX pin_queue ON pin (owner, created) WHERE status = 'queued';

CREATE TABLE block (
  id INTEGER PRIMARY KEY,
  multihash BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE pin_block (
  pin INTEGER NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (pin, block)
) STRICT, WITHOUT ROWID;
CREATE INDEX pin_block_by_block ON pin_block (block);

CREATE TABLE garbage (pin INTEGER PRIMARY KEY, holder INTEGER) STRICT;

CREATE TABLE usage (
  owner INTEGER NOT NULL,
  status TEXT NOT NULL,
  pins INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (owner, status)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER pin_added AFTER INSERT ON pin BEGIN
  INSERT INTO usage VALUES (new.owner, new.status, 1, new.bytes)
    ON CONFLICT DO UPDATE SET pins = pins + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER pin_changed AFTER UPDATE OF status, bytes ON pin BEGIN
  UPDATE usage SET pins = pins - 1, bytes = bytes - old.bytes WHERE owner = old.owner AND status = old.status;
  INSERT INTO usage VALUES (new.owner, new.status, 1, new.bytes)
    ON CONFLICT DO UPDATE SET pins = pins + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER pin_removed AFTER DELETE ON pin BEGIN
  UPDATE usage SET pins = pins - 1, bytes = bytes - old.bytes WHERE owner = old.owner AND status = old.status;
END;
`

/**
 * The indexes of `PinSearch`.
 *
 * - `pin_term` has a row for each term of a pin, in the order of time, with the status as a small number. Triggers derive it from
 *   `pin.terms`, a list in JSON, and from `pin.status`.
 * - `pin_name` is the full-text index of the grams of names.
 * - `pin_text` has the names of many pins on few pages.
 */
const SEARCH_SQL = `
CREATE TABLE pin_term (
  owner INTEGER NOT NULL,
  term INTEGER NOT NULL,
  status INTEGER NOT NULL,
  pin INTEGER NOT NULL,
  PRIMARY KEY (owner, term, status, pin)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER pin_terms_added AFTER INSERT ON pin BEGIN
  INSERT INTO pin_term SELECT new.owner, value, new.status_code, new.created FROM json_each(new.terms);
END;
CREATE TRIGGER pin_terms_moved AFTER UPDATE OF status ON pin WHEN new.status <> old.status BEGIN
  UPDATE pin_term SET status = new.status_code
    WHERE owner = new.owner AND term IN (SELECT value FROM json_each(new.terms)) AND status = old.status_code
    AND pin = new.created;
END;
CREATE TRIGGER pin_terms_removed AFTER DELETE ON pin BEGIN
  DELETE FROM pin_term
    WHERE owner = old.owner AND term IN (SELECT value FROM json_each(old.terms)) AND status = old.status_code
    AND pin = old.created;
END;

CREATE VIRTUAL TABLE pin_name USING fts5(
  grams, content='', contentless_delete=1, tokenize='ascii', prefix='${GRAM_PREFIXES}'
);
CREATE INDEX pin_text ON pin (created, owner, status_code, name, name_fold);
`

/** The pins whose names have the grams of an earlier version, in `pin_name`. See `PinStore.regramSome`. */
const STALE_SQL = 'CREATE TABLE stale_name (pin INTEGER PRIMARY KEY) STRICT;'

export const PIN_DATABASE: DatabaseSchema = {
  version: 3,
  sql: SQL + SEARCH_SQL + STALE_SQL,
  upgrades: [upgradeFrom1, upgradeFrom2],
}

/** Version 1 had an index for each filter. */
function upgradeFrom1(database: Database): void {
  // The first databases of version 1 lacked one of these indexes.
  for (const index of ['owner', 'status', 'name', 'folded_name', 'cid']) {
    database.exec(`DROP INDEX IF EXISTS pin_by_${index}`)
  }
  database.exec(`
    DROP TABLE pin_meta;
    DROP TABLE pin_name;
    ALTER TABLE pin ADD COLUMN terms TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE pin ADD COLUMN status_code INTEGER AS (${STATUS_CODE});
    ${SEARCH_SQL}`)
  const next = database.prepare(
    'SELECT created, cid_key, name, meta FROM pin WHERE created > ? ORDER BY created LIMIT 1',
  )
  const setTerms = database.prepare('UPDATE pin SET terms = ? WHERE created = ?')
  const addTerms = database.prepare(
    'INSERT INTO pin_term SELECT owner, value, status_code, created FROM pin, json_each(terms) WHERE created = ?',
  )
  const addName = database.prepare('INSERT INTO pin_name (rowid, grams) VALUES (?, ?)')
  for (let last = -1; ; ) {
    const row = next.get(last) as { created: number; cid_key: string; name: string | null; meta: string } | undefined
    if (!row) return
    last = row.created
    const cid = { text: '', key: row.cid_key }
    const meta = JSON.parse(row.meta) as StringMap
    setTerms.run(`[${termsOf({ cid, name: row.name, origins: [], meta })}]`, last)
    addTerms.run(last)
    if (row.name) addName.run(last, gramsOf(row.name))
  }
}

/**
 * Version 2 folded the case of names in another way.
 *
 * Changes the names that fold differently now, mostly none: those that are not ASCII are looked at, in an index that has them on few
 * pages. 100,000 names take 0.05 s where all are ASCII, and 3 s where all change. Their grams would take ten times as long, so the
 * service makes them after its start.
 */
function upgradeFrom2(database: Database): void {
  database.exec(STALE_SQL)
  const names = database.prepare(`SELECT created, name, name_fold AS old FROM pin INDEXED BY pin_text
    WHERE created > ? AND length(name) <> length(CAST(name AS BLOB)) ORDER BY created LIMIT ${NAMES_AT_A_TIME}`)
  const restOf = database.prepare(
    'SELECT owner, status_code AS status, cid_key AS key, meta FROM pin WHERE created = ?',
  )
  const setFolded = database.prepare('UPDATE pin SET name_fold = ?, terms = ? WHERE created = ?')
  const setTerm = database.prepare(
    'UPDATE pin_term SET term = ? WHERE owner = ? AND term = ? AND status = ? AND pin = ?',
  )
  const addStale = database.prepare('INSERT INTO stale_name VALUES (?)')
  for (let last = -1; ; ) {
    const rows = names.all(last) as { created: number; name: string; old: string }[]
    for (const { created, name, old } of rows) {
      const folded = foldCase(name)
      if (folded === old) continue
      const { owner, status, key, meta } = restOf.get(created) as {
        owner: number
        status: number
        key: string
        meta: string
      }
      const pin = { cid: { text: '', key }, name, origins: [], meta: JSON.parse(meta) as StringMap }
      setFolded.run(folded, `[${termsOf(pin)}]`, created)
      setTerm.run(foldedNameTerm(folded), owner, foldedNameTerm(old), status, created)
      addStale.run(created)
    }
    if (rows.length < NAMES_AT_A_TIME) return
    last = rows.at(-1)?.created ?? last
  }
}
