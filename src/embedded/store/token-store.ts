import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Database, openDatabase, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { assertStore } from './assert-store.ts'
import { PIN_DATABASE } from './database-schema.ts'

/** Begins the names of owners whose tokens are configured. The hash of the token follows. */
export const CONFIGURED = 'configured:'
/** The owner, in a backup, of the pins of the token that is kept in the data directory. It has another token in each directory. */
export const OWN_IN_BACKUP = `${CONFIGURED}own`
/** Digits of a token's hash that are enough to tell it from others. */
const SHORT_HASH = 12

/** A named token in a list. The token itself is unknown: only its hash is stored. */
export interface TokenRecord {
  readonly name: string
  readonly created: Date
  /** Number of pins that belong to the name. */
  readonly pins: number
}

/** Pins that no token shows. */
export interface HiddenPins {
  /** Name of their owner: that of a revoked token, or of a token that is not configured now. */
  readonly owner: string
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
    return transaction(this.#database, () => this.ownerNamed(configuredName(token)))
  }

  /**
   * Lists the owners of pins that no token opens: neither a named one, nor one of those that are configured now.
   *
   * @param configured owners of the tokens that are configured
   */
  hiddenPins(configured: readonly number[]): HiddenPins[] {
    return this.#statements
      .get(
        `SELECT name AS owner, sum(pins) AS pins FROM usage JOIN owner ON owner.id = usage.owner
         WHERE owner.id NOT IN (SELECT owner FROM token) AND owner.id NOT IN (SELECT value FROM json_each(?))
         GROUP BY owner.id HAVING sum(pins) > 0 ORDER BY name`,
      )
      .all(JSON.stringify(configured)) as unknown as HiddenPins[]
  }

  /**
   * Gives all pins of one owner to another. The service must be stopped.
   *
   * @param from, to names of owners. Those of configured tokens may be shortened.
   * @returns the number of pins
   * @throws {Error} in words, when there is no such owner, or when both are the same
   */
  adoptPins(from: string, to: string): number {
    return transaction(this.#database, () => {
      const [source, target] = [this.#ownerLike(from), this.#ownerLike(to)]
      if (source === target) throw new Error(`These are already the pins of ${to}: expected another owner`)
      const { changes } = this.#statements.get('UPDATE pin SET owner = ? WHERE owner = ?').run(target, source)
      this.#statements.get('UPDATE pin_term SET owner = ? WHERE owner = ?').run(target, source)
      this.#statements
        .get(
          `INSERT INTO usage SELECT ?, status, pins, bytes FROM usage WHERE owner = ?
           ON CONFLICT DO UPDATE SET pins = pins + excluded.pins, bytes = bytes + excluded.bytes`,
        )
        .run(target, source)
      this.#statements.get('DELETE FROM usage WHERE owner = ?').run(source)
      return Number(changes)
    })
  }

  /** Returns the owner of a name, or of the beginning of a configured token's name. */
  #ownerLike(name: string): number {
    const rows = this.#statements
      .get(
        'SELECT id FROM owner WHERE name = ?1 OR (?2 AND substr(name, 1, length(?1)) = ?1) ORDER BY name = ?1 DESC LIMIT 2',
      )
      .all(name, name.startsWith(CONFIGURED) && name.length > CONFIGURED.length ? 1 : 0) as { id: number }[]
    const [found, ...others] = rows
    if (found && others.length === 0) return found.id
    throw new Error(
      found
        ? `Several owners are named ${name}…: expected more of the name`
        : `There are no pins of ${JSON.stringify(name)}`,
    )
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

/** Returns the name of the owner of a configured token's pins. */
export function configuredName(token: string): string {
  return `${CONFIGURED}${hashOf(token).toString('hex')}`
}

/** Shortens the name of an owner for an operator, who may have to type it. */
export function shortNameOf(owner: string): string {
  return owner.startsWith(CONFIGURED) ? owner.slice(0, CONFIGURED.length + SHORT_HASH) : owner
}

/** Returns the hash under which a token is stored. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
