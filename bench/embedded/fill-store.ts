import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { parseCid } from '../../src/domain/cid.ts'
import { foldCase } from '../../src/domain/fold-case.ts'
import { PIN_DATABASE } from '../../src/embedded/store/database-schema.ts'
import { gramsOf } from '../../src/embedded/store/name-grams.ts'
import { termsOf } from '../../src/embedded/store/pin-terms.ts'
import { TokenStore } from '../../src/embedded/store/token-store.ts'
import { type Database, openDatabase, transaction } from '../../src/storage/open-database.ts'

/** One pin every half minute, so that a million are a year's. */
const EVERY_MS = 30_000
const FIRST = Date.UTC(2024, 0, 1)
const WORDS = ['Photo', 'Video', 'backup', 'Größe', 'Docs', 'report', 'invoice', 'archive', 'Site', 'build']

/** Nine pins of ten belong to the first token, the others to the second. */
const TOKENS = ['token-a', 'token-b']

/** A pin of the bench's store. */
export interface FilledPin {
  readonly requestId: string
  readonly cid: string
  readonly name: string | null
  readonly meta: Record<string, string>
  readonly status: 'pinned' | 'failed' | 'queued'
  readonly created: number
}

/** The pin at a place: always the same one. */
export function pinAt(index: number): FilledPin {
  const hash = createHash('sha256').update(`pin ${index}`).digest('hex')
  return {
    requestId: hash.slice(0, 36),
    cid: CID.createV1(0x70, createDigest(0x12, Buffer.from(hash, 'hex'))).toString(),
    name: nameOf(index, hash),
    meta: {
      kind: 'upload',
      env: index % 3 === 0 ? 'dev' : 'prod',
      app: `app${index % 50}`,
      ...(index % 2 === 0 && { id: hash.slice(0, 12) }),
      ...(index % 10_000 === 0 && { keep: 'forever' }),
    },
    status: statusOf(Number.parseInt(hash.slice(0, 4), 16) % 100),
    created: FIRST + index * EVERY_MS,
  }
}

/**
 * Fills a service's folder with pins: straight into the tables, and the index from them at the end, sorted.
 *
 * Nothing of it has to survive a power cut.
 */
export async function fillStore(dataDir: string, pins: number): Promise<void> {
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  try {
    database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -1000000')
    const tokens = new TokenStore(database)
    const owners = TOKENS.map((token) => tokens.ownerOfConfigured(token))
    const triggers = database.prepare(`SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`).all() as Trigger[]
    transaction(database, () => {
      for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`)
      insertPins(database, owners, pins)
      database.exec(`
        INSERT INTO pin_term SELECT owner, value, status_code, created FROM pin, json_each(terms) ORDER BY 1, 2, 3, 4;
        INSERT INTO usage SELECT owner, status, count(*), sum(bytes) FROM pin GROUP BY 1, 2`)
      for (const { sql } of triggers) database.exec(sql)
    })
  } finally {
    database.close()
  }
}

interface Trigger {
  readonly name: string
  readonly sql: string
}

function insertPins(database: Database, owners: readonly number[], pins: number): void {
  const addPin = database.prepare(`INSERT INTO pin
    (created, requestid, owner, status, cid, cid_key, name, name_fold, origins, meta, info, terms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, '{"status_details":"Filled in by a bench"}', ?)`)
  const addName = database.prepare('INSERT INTO pin_name (rowid, grams) VALUES (?, ?)')
  for (let i = 0; i < pins; i++) {
    const { requestId, cid, name, meta, status, created } = pinAt(i)
    const owner = owners[i % 10 === 9 ? 1 : 0] ?? 0
    const parsed = parseCid(cid)
    const folded = name === null ? null : foldCase(name)
    const terms = `[${termsOf({ cid: parsed, name, origins: [], meta })}]`
    addPin.run(created, requestId, owner, status, cid, parsed.key, name, folded, JSON.stringify(meta), terms)
    if (name) addName.run(created, gramsOf(name))
  }
}

function nameOf(index: number, hash: string): string | null {
  if (index % 20 === 3) return null
  // Names that many pins have, and long ones.
  if (index % 20 === 7) return 'untitled'
  if (index % 20 === 11) return `${hash} ${hash} `.repeat(2).slice(0, 200 + (index % 55))
  return `${WORDS[Math.floor(index / 7) % 10]}-${hash.slice(0, 8)}-${index % 1_000}.bin`
}

function statusOf(percent: number): FilledPin['status'] {
  if (percent < 92) return 'pinned'
  return percent < 99 ? 'failed' : 'queued'
}
