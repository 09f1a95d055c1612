import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Database, openDatabase, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { assertStore } from './assert-store.ts'
import { PIN_DATABASE } from './database-schema.ts'

/** A named token in a list. The token itself is unknown: only its hash is stored. */
export interface TokenRecord {
  readonly name: string
  readonly created: Date
  /** Number of pins that belong to the name. */
  readonly pins: number
}

/**
 * The tokens that may use the service. Pins belong to an owner, and a token opens the pins of one owner.
 *
 * Only SHA-256 hashes are stored. Tokens created here have 256 random bits, so a stolen file reveals none of them.
 */
export class TokenStore {
  readonly #database: Database
  readonly #statements: Statements

  constructor(database: Database) {
    this.#database = database
    this.#statements = new Statements(database)
  }

  /**
   * Creates a token for a name. A name whose token was revoked still has its pins.
   *
   * @returns the token. It cannot be read again later.
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

  /** Lists all named tokens that are valid, by name. */
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
   * Revokes the token of a name at once. Its pins stay, for a new token of that name.
   *
   * @returns false when the name has no token
   */
  revokeToken(name: string): boolean {
    const sql = 'DELETE FROM token WHERE owner = (SELECT id FROM owner WHERE name = ?)'
    return this.#statements.get(sql).run(name).changes > 0
  }

  /** Returns the owner whose pins the token opens, or null for an unknown or revoked token. */
  ownerOf(token: string): number | null {
    const row = this.#statements.get('SELECT owner FROM token WHERE hash = ?').get(hashOf(token))
    return row ? (row as { owner: number }).owner : null
  }

  /** Returns the owner of a token of the configuration. Its name is made of the token's hash, and no list shows it. */
  ownerOfConfigured(token: string): number {
    return transaction(this.#database, () => this.ownerNamed(`configured:${hashOf(token).toString('hex')}`))
  }

  #insert(token: string, owner: number): void {
    this.#statements.get('INSERT INTO token VALUES (?, ?, ?)').run(hashOf(token), owner, Date.now())
  }

  /** Returns the owner of that name. Creates it at the first use. */
  ownerNamed(name: string): number {
    this.#statements.get('INSERT INTO owner (name) VALUES (?) ON CONFLICT DO NOTHING').run(name)
    return (this.#statements.get('SELECT id FROM owner WHERE name = ?').get(name) as { id: number }).id
  }
}

/**
 * Opens the tokens of a data directory. The service may run meanwhile, and heeds changes at once.
 *
 * @param dataDir data directory of the service
 * @param options.mustExist refuses a folder without a store. Default: a store is created.
 * @throws {Error} when the store must exist and is missing
 */
export async function openTokenStore(
  dataDir: string,
  options: { mustExist?: boolean } = {},
): Promise<{ tokens: TokenStore } & Disposable> {
  if (options.mustExist) assertStore(dataDir)
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  return { tokens: new TokenStore(database), [Symbol.dispose]: () => database.close() }
}

/** Returns the hash under which a token is stored. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
