import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Database, openDatabase, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { assertStore } from './assert-store.ts'
import { PIN_DATABASE } from './database-schema.ts'

/** One named token as it is listed: never the token itself, which only its hash is kept of. */
export interface TokenRecord {
  readonly name: string
  readonly created: Date
  /** How many pins belong to the name. */
  readonly pins: number
}

/**
 * Who may use the service. Pins belong to an owner, and a token opens one owner's pins.
 *
 * Only SHA-256 hashes are stored; tokens made here have 256 random bits, so a stolen file gives none away.
 */
export class TokenStore {
  readonly #database: Database
  readonly #statements: Statements

  constructor(database: Database) {
    this.#database = database
    this.#statements = new Statements(database)
  }

  /**
   * Makes a token for a new name, or a new one for a name whose token was revoked: its pins are still there.
   *
   * @returns the token, which cannot be read again later
   * @throws {Error} when the name has a token
   */
  createToken(name: string): string {
    const token = randomBytes(32).toString('base64url')
    transaction(this.#database, () => {
      const owner = this.ownerNamed(name)
      if (this.#statements.get('SELECT 1 FROM token WHERE owner = ?').get(owner)) {
        throw new Error(`There is a token named ${JSON.stringify(name)} already; revoke it first to replace it`)
      }
      this.#insert(token, owner)
    })
    return token
  }

  /** All named tokens that are valid, by name. */
  listTokens(): TokenRecord[] {
    const rows = this.#statements
      .get(
        `SELECT owner.name, token.created, (SELECT coalesce(sum(pins), 0) FROM usage WHERE owner = owner.id) pins
         FROM token JOIN owner ON owner.id = token.owner ORDER BY owner.name`,
      )
      .all() as { name: string; created: number; pins: number }[]
    return rows.map(({ name, created, pins }) => ({ name, created: new Date(created), pins }))
  }

  /**
   * Makes the name's token invalid at once. Its pins stay, for a new token of that name.
   *
   * @returns false where the name has no token
   */
  revokeToken(name: string): boolean {
    const sql = 'DELETE FROM token WHERE owner = (SELECT id FROM owner WHERE name = ?)'
    return this.#statements.get(sql).run(name).changes > 0
  }

  /** The owner that a token opens, or null for an unknown or revoked one. */
  ownerOf(token: string): number | null {
    const row = this.#statements.get('SELECT owner FROM token WHERE hash = ?').get(hashOf(token))
    return row ? (row as { owner: number }).owner : null
  }

  /** The owner of a token that the configuration gives; it is known by the token's hash, in no list of names. */
  ownerOfConfigured(token: string): number {
    return transaction(this.#database, () => this.ownerNamed(`configured:${hashOf(token).toString('hex')}`))
  }

  #insert(token: string, owner: number): void {
    this.#statements.get('INSERT INTO token VALUES (?, ?, ?)').run(hashOf(token), owner, Date.now())
  }

  /** The owner of that name, made where there is none. */
  ownerNamed(name: string): number {
    this.#statements.get('INSERT INTO owner (name) VALUES (?) ON CONFLICT DO NOTHING').run(name)
    return (this.#statements.get('SELECT id FROM owner WHERE name = ?').get(name) as { id: number }).id
  }
}

/**
 * Opens the tokens of a service's folder, whether the service runs or not. A running one heeds changes at once.
 *
 * @param dataDir folder of the service
 * @param options.mustExist refuses a folder without a store; else one is made
 * @throws {Error} where there must be a store and is none
 */
export async function openTokenStore(
  dataDir: string,
  options: { mustExist?: boolean } = {},
): Promise<{ tokens: TokenStore } & Disposable> {
  if (options.mustExist) assertStore(dataDir)
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  return { tokens: new TokenStore(database), [Symbol.dispose]: () => database.close() }
}

/** What is kept of a token. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
