import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NewPin } from '../../../../src/domain/pin.ts'
import { BlockStore } from '../../../../src/embedded/store/block-store.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import type { StoredPin } from '../../../../src/embedded/store/stored-pin.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { type Database, openDatabase } from '../../../../src/storage/open-database.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const BLOCKS = 10
const RUNS = Number(process.env.PINQL_PROPERTY_RUNS ?? 60)

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let database: Database
const blocks: { multihash: Uint8Array; bytes: Uint8Array }[] = []

beforeAll(async () => {
  folder = await temporaryFolder()
  database = await openDatabase(`${folder.path}/pins.db`, PIN_DATABASE)
  // The test is about the order of writes, not about their durability.
  database.exec('PRAGMA synchronous = OFF')
  for (let i = 0; i < BLOCKS; i++) {
    const bytes = Buffer.from(`block ${i} ${'x'.repeat(i * 7)}`)
    blocks.push({ multihash: CID.createV1(0x55, await sha256.digest(bytes)).multihash.bytes, bytes })
  }
})
afterAll(async () => {
  database.close()
  await folder[Symbol.asyncDispose]()
})

/** A DAG is modelled by what a walk of it visits: the blocks reachable from its root. Links go to higher numbers. */
const dag = fc.uniqueArray(fc.integer({ min: 0, max: BLOCKS - 1 }), { minLength: 1, maxLength: 6 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), owner: fc.integer({ min: 0, max: 1 }), dag }),
  fc.record({ kind: fc.constant('replace' as const), which: fc.nat(), dag }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('fetch' as const), which: fc.nat(), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('fail' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('late' as const), pin: fc.nat(), block: fc.integer({ min: 0, max: BLOCKS - 1 }) }),
  fc.record({ kind: fc.constant('collect' as const) }),
  fc.record({ kind: fc.constant('crash' as const) }),
)

interface ModelPin {
  readonly stored: StoredPin
  readonly dag: readonly number[]
  /** Number of the DAG's blocks that the walk has stored. */
  done: number
  status: 'unsettled' | 'pinned' | 'failed'
}

class Model {
  readonly pins = new PinStore(database)
  readonly owners: number[]
  store = new BlockStore(database)
  live: ModelPin[] = []
  removed: ModelPin[] = []

  constructor() {
    for (const table of ['pin', 'pin_name', 'garbage', 'pin_block', 'block', 'usage']) {
      database.exec(`DELETE FROM ${table}`)
    }
    const tokens = new TokenStore(database)
    this.owners = ['a', 'b'].map((token) => tokens.ownerOfConfigured(token))
  }

  apply(event: typeof step extends fc.Arbitrary<infer T> ? T : never): void {
    const pin = 'which' in event ? this.live[event.which % (this.live.length || 1)] : undefined
    if (event.kind === 'add') {
      const stored = this.pins.add(this.owners[event.owner] ?? 0, newPin())
      this.live.push({ stored, dag: event.dag, done: 0, status: 'unsettled' })
    } else if (event.kind === 'collect') while (this.store.collectSome());
    else if (event.kind === 'crash') this.#crash()
    else if (event.kind === 'late') this.#arriveLate(event.pin, event.block)
    else if (!pin) return
    else if (event.kind === 'remove') {
      this.pins.remove(pin.stored.owner, pin.stored.requestId)
      this.#drop(pin)
    } else if (event.kind === 'replace') {
      const replaced = this.pins.replace(pin.stored.owner, pin.stored.requestId, newPin())
      if (!replaced) throw new Error('The pin to replace was not found')
      this.#drop(pin)
      this.live.push({ stored: replaced.added, dag: event.dag, done: 0, status: 'unsettled' })
    } else if (event.kind === 'fail') {
      if (pin.status === 'unsettled') this.#settle(pin, 'failed')
    } else this.#fetch(pin, event.count)
  }

  #fetch(pin: ModelPin, count: number): void {
    if (pin.status !== 'unsettled') return
    for (const index of pin.dag.slice(pin.done, pin.done + count)) this.#bring(pin, index)
    pin.done = Math.min(pin.dag.length, pin.done + count)
    if (pin.done < pin.dag.length) return
    this.store.flush()
    this.#settle(pin, 'pinned')
  }

  /** A block arrives for a pin that was removed, maybe long ago. */
  #arriveLate(which: number, index: number): void {
    const pin = this.removed[which % (this.removed.length || 1)]
    if (pin) this.#bring(pin, index)
  }

  #bring(pin: ModelPin, index: number): void {
    const block = blocks[index] as (typeof blocks)[number]
    if (this.store.sizeOf(block.multihash) === null) this.store.put(pin.stored.created, block.multihash, block.bytes)
    else this.store.reference(pin.stored.created, block.multihash)
  }

  #drop(pin: ModelPin): void {
    this.live = this.live.filter((other) => other !== pin)
    this.removed.push(pin)
  }

  #settle(pin: ModelPin, status: 'pinned' | 'failed'): void {
    pin.status = status
    this.pins.setStatus(pin.stored.created, status, {})
  }

  /** The process is gone with what it had not committed; the next one walks unfinished pins from their root. */
  #crash(): void {
    this.store = new BlockStore(database)
    for (const pin of this.live) if (pin.status === 'unsettled') pin.done = 0
  }
}

function newPin(): NewPin {
  return { cid: { text: 'bafkqaaa', key: 'k' }, name: 'name', origins: [], meta: { a: 'b' } }
}

function kept(): Set<string> {
  const rows = database.prepare('SELECT multihash FROM block').all() as { multihash: Uint8Array }[]
  return new Set(rows.map(({ multihash }) => Buffer.from(multihash).toString('hex')))
}

const keyOf = (index: number): string => Buffer.from(blocks[index]?.multihash ?? []).toString('hex')

describe('the collection of garbage', () => {
  it('keeps each block of each pinned pin at any moment, and in the end nothing else', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const model = new Model()
        for (const event of steps) {
          model.apply(event)
          const now = kept()
          const pinned = model.live.filter(({ status }) => status === 'pinned')
          expect(pinned.flatMap((pin) => pin.dag.filter((index) => !now.has(keyOf(index))))).toEqual([])
        }
        // Whatever is unfinished ends; then reachable and kept are the same.
        for (const pin of model.live)
          if (pin.status === 'unsettled') model.apply({ kind: 'fetch', which: model.live.indexOf(pin), count: 99 })
        while (model.store.collectSome());
        const reachable = model.live.flatMap((pin) => (pin.status === 'pinned' ? pin.dag : []))
        const partial = database
          .prepare(
            `SELECT DISTINCT multihash FROM block JOIN pin_block ON block = id JOIN pin ON created = pin WHERE status = 'failed'`,
          )
          .all() as { multihash: Uint8Array }[]
        const expected = new Set([
          ...reachable.map(keyOf),
          ...partial.map(({ multihash }) => Buffer.from(multihash).toString('hex')),
        ])
        expect(kept()).toEqual(expected)
        expect(database.prepare('SELECT count(*) n FROM garbage').get()).toEqual({ n: 0 })
        expectExactAccounts(model)
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps what a replacement shares with the pin that it replaces until the replacement is complete', () => {
    const model = new Model()
    model.apply({ kind: 'add', owner: 0, dag: [0, 1, 2] })
    model.apply({ kind: 'fetch', which: 0, count: 3 })
    model.apply({ kind: 'replace', which: 0, dag: [2, 3] })
    model.apply({ kind: 'replace', which: 0, dag: [1, 2, 3] })
    model.apply({ kind: 'collect' })
    expect(kept()).toEqual(new Set([0, 1, 2].map(keyOf)))
    model.apply({ kind: 'fetch', which: 0, count: 3 })
    model.apply({ kind: 'collect' })
    expect(kept()).toEqual(new Set([1, 2, 3].map(keyOf)))
  })

  it('keeps a block that another pin has just met, when the pin that brought it is removed', () => {
    const model = new Model()
    model.apply({ kind: 'add', owner: 0, dag: [0, 1] })
    model.apply({ kind: 'fetch', which: 0, count: 2 })
    model.apply({ kind: 'add', owner: 1, dag: [1, 2] })
    model.apply({ kind: 'fetch', which: 1, count: 1 })
    model.apply({ kind: 'remove', which: 0 })
    model.apply({ kind: 'collect' })
    model.apply({ kind: 'fetch', which: 0, count: 1 })
    expect(kept()).toEqual(new Set([1, 2].map(keyOf)))
  })

  it('lets a replacement that was removed keep nothing', () => {
    const model = new Model()
    model.apply({ kind: 'add', owner: 0, dag: [0, 1, 2] })
    model.apply({ kind: 'fetch', which: 0, count: 3 })
    model.apply({ kind: 'replace', which: 0, dag: [2, 3] })
    model.apply({ kind: 'remove', which: 0 })
    model.apply({ kind: 'collect' })
    expect(kept()).toEqual(new Set())
  })
})

function expectExactAccounts({ live, owners }: Model): void {
  for (const owner of owners) {
    const usage = new PinStore(database).usage(owner)
    const real = database
      .prepare(
        `SELECT count(DISTINCT pin.created) pins, coalesce(sum(block.size), 0) bytes FROM pin
         LEFT JOIN pin_block ON pin_block.pin = pin.created LEFT JOIN block ON block.id = pin_block.block WHERE owner = ?`,
      )
      .get(owner)
    expect({ ...usage }).toEqual({ ...(real as object) })
    expect(usage.pins).toBe(live.filter(({ stored }) => stored.owner === owner).length)
  }
}
