import { type Database, transaction } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { blockKey } from '../dag/block-key.ts'
import { Garbage } from './garbage.ts'

const FLUSH_BYTES = 4 * 1024 * 1024
const FLUSH_REFERENCES = 1_000
const FLUSH_AFTER_MS = 200
const COLLECT_REFERENCES = 500
const COLLECT_BYTES = 8 * 1024 * 1024

const SIZE_OF = 'SELECT size FROM block WHERE multihash = ?'

interface Reference {
  readonly pin: number
  readonly multihash: Uint8Array
  /** Null when the store already had the block. */
  readonly bytes: Uint8Array | null
}

/**
 * The blocks of all pins, by multihash, and the references from pins to blocks.
 *
 * Writes are gathered for a few milliseconds and committed together. Reads see them before that. The file never has a block
 * without a reference, so collecting garbage needs no search for such blocks.
 */
export class BlockStore {
  readonly #database: Database
  readonly #statements: Statements
  readonly #garbage: Garbage
  #pending: Reference[] = []
  #pendingBlocks = new Map<string, Uint8Array>()
  #pendingBytes = 0
  #timer: NodeJS.Timeout | null = null

  constructor(database: Database) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#garbage = new Garbage(database)
  }

  /** Returns the bytes of a block, or null. */
  get(multihash: Uint8Array): Uint8Array | null {
    const pending = this.#pendingBlocks.get(blockKey(multihash))
    if (pending) return pending
    const row = this.#statements.get('SELECT data FROM block WHERE multihash = ?').get(multihash)
    return row ? (row as { data: Uint8Array }).data : null
  }

  /** Returns the size of a block in bytes, or null. Reads no block. */
  sizeOf(multihash: Uint8Array): number | null {
    const pending = this.#pendingBlocks.get(blockKey(multihash))
    if (pending) return pending.length
    const row = this.#statements.get(SIZE_OF).get(multihash)
    return row ? (row as { size: number }).size : null
  }

  /** Returns whether there is the block. Reads no block. */
  has(multihash: Uint8Array): boolean {
    return this.sizeOf(multihash) !== null
  }

  /** Makes a pin hold a block. The store must have it: `sizeOf` or `get` has just returned it. */
  reference(pin: number, multihash: Uint8Array): void {
    this.#makeRoom()
    // The pin that put a pending block may be removed before the commit. Then this reference stores the block.
    this.#pending.push({ pin, multihash, bytes: this.#pendingBlocks.get(blockKey(multihash)) ?? null })
  }

  /**
   * Stores a verified block for a pin. It is durable after the next `flush`.
   *
   * @throws {Error} when too many writes are pending and the disk refuses them
   */
  put(pin: number, multihash: Uint8Array, bytes: Uint8Array): void {
    this.#makeRoom()
    this.#pendingBlocks.set(blockKey(multihash), bytes)
    this.#pendingBytes += bytes.length
    this.#pending.push({ pin, multihash, bytes })
  }

  /**
   * Commits all pending blocks and references.
   *
   * @throws {Error} when the disk refuses to write. They stay pending.
   */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#pending.length === 0) return
    transaction(this.#database, () => this.#write(this.#pending))
    this.#pending = []
    this.#pendingBlocks.clear()
    this.#pendingBytes = 0
  }

  /**
   * Drops some references of removed pins, and the blocks without any other reference, in one short transaction.
   *
   * @returns false when nothing is left to collect
   */
  collectSome(): boolean {
    this.flush()
    return transaction(this.#database, () => {
      const pin = this.#garbage.next()
      if (pin === null) return false
      if (!this.#dropReferences(pin)) this.#garbage.remove(pin)
      return true
    })
  }

  /** Commits if possible. A failure needs no report: before a pin counts as complete, `flush` is called and throws. */
  flushQuietly(): void {
    try {
      this.flush()
    } catch {
      // The writes stay pending.
    }
  }

  /** Makes room for one more reference. On a full disk, pending writes must not fill the memory. */
  #makeRoom(): void {
    if (this.#pendingBytes >= FLUSH_BYTES || this.#pending.length >= FLUSH_REFERENCES) this.flush()
    this.#timer ??= setTimeout(() => this.flushQuietly(), FLUSH_AFTER_MS)
  }

  #write(pending: readonly Reference[]): void {
    const addBlock = this.#statements.get(
      'INSERT INTO block (multihash, size, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    const addReference = this.#statements.get(
      'INSERT INTO pin_block SELECT ?, id FROM block WHERE multihash = ? ON CONFLICT DO NOTHING',
    )
    const sizeOf = this.#statements.get(SIZE_OF)
    const grow = this.#statements.get('UPDATE pin SET blocks = blocks + ?, bytes = bytes + ? WHERE created = ?')
    const isKnown = this.#statements.get(
      'SELECT 1 FROM pin WHERE created = ? UNION ALL SELECT 1 FROM garbage WHERE pin = ?',
    )
    const growth = new Map<number, { blocks: number; bytes: number } | null>()
    for (const { pin, multihash, bytes } of pending) {
      let grown = growth.get(pin)
      if (grown === undefined) {
        // A pin may be removed and collected while its last blocks arrive. Those blocks must not be stored.
        grown = isKnown.get(pin, pin) ? { blocks: 0, bytes: 0 } : null
        growth.set(pin, grown)
      }
      if (grown === null) continue
      if (bytes) addBlock.run(multihash, bytes.length, bytes)
      const stored = sizeOf.get(multihash) as { size: number } | undefined
      if (!stored) throw new Error('A block was referenced that is not in the store')
      if (addReference.run(pin, multihash).changes === 0) continue
      grown.blocks++
      grown.bytes += stored.size
    }
    for (const [pin, grown] of growth) if (grown) grow.run(grown.blocks, grown.bytes, pin)
  }

  #dropReferences(pin: number): boolean {
    const references = this.#statements
      .get(
        `SELECT block.id, block.size, NOT EXISTS (
           SELECT 1 FROM pin_block AS other WHERE other.block = block.id AND other.pin <> pin_block.pin
         ) AS last
         FROM pin_block JOIN block ON block.id = pin_block.block WHERE pin_block.pin = ? LIMIT ?`,
      )
      .all(pin, COLLECT_REFERENCES) as { id: number; size: number; last: number }[]
    const dropReference = this.#statements.get('DELETE FROM pin_block WHERE pin = ? AND block = ?')
    const dropBlock = this.#statements.get('DELETE FROM block WHERE id = ?')
    let bytes = 0
    for (const { id, size, last } of references) {
      dropReference.run(pin, id)
      if (!last) continue
      dropBlock.run(id)
      bytes += size
      if (bytes >= COLLECT_BYTES) break
    }
    return references.length > 0
  }
}
