import { readFile, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { parseInstant } from '../../src/domain/instant.ts'
import type { Pin } from '../../src/domain/pin.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { MemoryWriteRecords } from '../../src/upstream/writes/memory-write-records.ts'
import { openWriteRecords } from '../../src/upstream/writes/open-write-records.ts'
import { RECORD_LIFETIME_MS, type WriteRecord, type WriteRecords } from '../../src/upstream/writes/write-records.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Time as the records see it. */
interface Wall {
  nowMs: number
}

type Open = (wall: Wall) => Promise<AsyncDisposable & { readonly records: WriteRecords }>

const openMemory: Open = async (wall) => {
  const records = new MemoryWriteRecords(() => wall.nowMs)
  return { records, [Symbol.asyncDispose]: () => records[Symbol.asyncDispose]() }
}

const openSqlite: Open = async (wall) => {
  const folder = await temporaryFolder()
  const records = await openWriteRecords(`${folder.path}/writes.db`, () => wall.nowMs)
  return {
    records,
    async [Symbol.asyncDispose]() {
      await records[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const START = 1_700_000_000_000

function record(more: Partial<WriteRecord> = {}): WriteRecord {
  const pin = {
    cid: parseCid(exampleCid(1)),
    name: 'ünïcode',
    origins: ['/dns4/a/tcp/1/p2p/x'],
    meta: { b: '2', a: '1' },
  }
  return {
    tenantKey: 'one:hash',
    key: 'key',
    fingerprint: 'f1',
    writeId: 'op',
    startedAt: START,
    state: 'pending',
    write: { pin, replaces: { requestId: 'r0', cid: exampleCid(2), was: { name: null, meta: { a: '0' } } } },
    before: ['r0'],
    result: null,
    sweepId: null,
    ...more,
  }
}

function made(requestId: string): Pin {
  return {
    service: 'one',
    requestId,
    status: 'queued',
    created: parseInstant('2026-01-31T12:00:00.123456789+02:00'),
    cid: parseCid(exampleCid(1)),
    name: null,
    origins: [],
    meta: { a: '1' },
    delegates: ['/dns4/d/tcp/1/p2p/x'],
    info: { size: '1' },
    writeId: 'op',
  }
}

describe.each([
  ['in memory', openMemory],
  ['in SQLite', openSqlite],
])('write records %s', (_name, open) => {
  it('finds a record as it was begun, by tenant and key', async () => {
    await using opened = await open({ nowMs: START })
    const { records } = opened
    const kept = record()
    const { pin } = kept.write
    const bare = record({
      key: 'other',
      before: null,
      write: { pin: { ...pin, name: null, origins: [], meta: {} }, replaces: null },
    })
    // Where all parts are given, the old pin is not read.
    const unread = record({ key: 'third', write: { pin, replaces: { requestId: 'r0', cid: exampleCid(2) } } })

    for (const each of [kept, bare, unread]) expect(await records.begin(each)).toBe(true)

    expect(await records.find(kept.tenantKey, 'key')).toEqual(kept)
    expect(await records.find(kept.tenantKey, 'other')).toEqual(bare)
    expect(await records.find(kept.tenantKey, 'third')).toEqual(unread)
    expect(await records.find('two:hash', 'key')).toBeNull()
    expect(await records.find(kept.tenantKey, 'none')).toBeNull()
  })

  it('keeps the first record of a key, and one for each tenant', async () => {
    await using opened = await open({ nowMs: START })
    const { records } = opened

    const begun = await Promise.all([
      records.begin(record()),
      records.begin(record({ fingerprint: 'f2' })),
      records.begin(record({ tenantKey: 'two:hash', fingerprint: 'f3' })),
    ])

    expect(begun).toEqual([true, false, true])
    expect((await records.find('one:hash', 'key'))?.fingerprint).toBe('f1')
    expect((await records.find('two:hash', 'key'))?.fingerprint).toBe('f3')
  })

  it('keeps results whole, and forgets them when the outcome turns out unknown', async () => {
    await using opened = await open({ nowMs: START })
    const { records } = opened
    await records.begin(record())

    expect(await records.finish(record(), made('r1'))).toBe(true)
    expect(await records.find('one:hash', 'key')).toEqual(record({ state: 'done', result: made('r1') }))

    await records.markUnknown(record())
    expect(await records.find('one:hash', 'key')).toEqual(record({ state: 'unknown' }))
    expect(await records.claimed('one:hash', ['r1'])).toEqual(new Set())
  })

  it('assigns a pin to one record only if the caller asks for that', async () => {
    await using opened = await open({ nowMs: START })
    const { records } = opened
    const [first, second] = [record({ key: 'a' }), record({ key: 'b' })]
    await Promise.all([records.begin(first), records.begin(second), records.begin(record({ tenantKey: 'two:hash' }))])

    const kept = await Promise.all([
      records.finish(first, made('r1'), { exclusive: true }),
      records.finish(second, made('r1'), { exclusive: true }),
    ])

    expect(kept).toEqual([true, false])
    expect(await records.claimed('one:hash', ['r0', 'r1', 'r2'])).toEqual(new Set(['r1']))
    expect(await records.claimed('two:hash', ['r1'])).toEqual(new Set())
    expect(await records.finish(first, made('r1'), { exclusive: true })).toBe(true)
    expect(await records.finish(second, made('r1'))).toBe(true)
  })

  it('lists what a tenant has left unfinished, oldest first', async () => {
    await using opened = await open({ nowMs: START })
    const { records } = opened
    for (const [index, key] of ['a', 'b', 'c', 'd'].entries())
      await records.begin(record({ key, startedAt: START + index }))
    await records.begin(record({ tenantKey: 'two:hash' }))
    await records.markUnknown(record({ key: 'b' }))
    await records.finish(record({ key: 'c' }), made('r1'))
    await records.forget(record({ key: 'd' }))

    const unfinished = await records.unfinished('one:hash')

    expect(unfinished.map(({ key, state }) => [key, state])).toEqual([
      ['a', 'pending'],
      ['b', 'unknown'],
    ])
  })

  it('lists a finished write as long as its sweep is due, and ends only the last sweep that was planned', async () => {
    await using opened = await open({ nowMs: START })
    const { records } = opened
    for (const key of ['a', 'b']) {
      await records.begin(record({ key }))
      await records.planSweep(record({ key }), 'first')
      await records.finish(record({ key }), made(`of ${key}`))
    }
    await records.planSweep(record({ key: 'b' }), 'second')
    const due = async () => (await records.unfinished('one:hash')).map(({ key, sweepId }) => [key, sweepId])

    expect(await due()).toEqual([
      ['a', 'first'],
      ['b', 'second'],
    ])
    for (const key of ['a', 'b']) await records.endSweep(record({ key }), 'first')
    expect(await due()).toEqual([['b', 'second']])
    await records.markUnknown(record({ key: 'b' }))
    expect(await due()).toEqual([['b', 'second']])
    await records.finish(record({ key: 'b' }), made('of b'))
    await records.endSweep(record({ key: 'b' }), 'second')
    expect(await due()).toEqual([])
    expect(await records.find('one:hash', 'b')).toEqual(record({ key: 'b', state: 'done', result: made('of b') }))
  })

  it('frees every key after 24 hours, however many there are', async () => {
    const wall = { nowMs: START }
    await using opened = await open(wall)
    const { records } = opened
    const keys = Array.from({ length: 20 }, (_, n) => `key ${n}`)
    for (const key of keys) await records.begin(record({ key }))
    wall.nowMs += RECORD_LIFETIME_MS

    const begun: boolean[] = []
    for (const key of keys.toReversed()) begun.push(await records.begin(record({ key, startedAt: wall.nowMs })))

    expect(begun).toEqual(keys.map(() => true))
    expect(await records.find('one:hash', 'key 19')).toMatchObject({ startedAt: wall.nowMs })
    expect(await records.begin(record({ key: 'key 19', startedAt: wall.nowMs }))).toBe(false)
  })

  it('forgets everything after 24 hours, so that the key can be used anew', async () => {
    const wall = { nowMs: START }
    await using opened = await open(wall)
    const { records } = opened
    await records.begin(record())
    await records.finish(record(), made('r1'))
    await records.begin(record({ key: 'open' }))

    wall.nowMs = START + RECORD_LIFETIME_MS - 1
    expect(await records.find('one:hash', 'key')).not.toBeNull()
    wall.nowMs = START + RECORD_LIFETIME_MS
    expect(await records.find('one:hash', 'key')).toBeNull()
    expect(await records.unfinished('one:hash')).toEqual([])
    expect(await records.claimed('one:hash', ['r1'])).toEqual(new Set())
    expect(await records.begin(record({ startedAt: wall.nowMs, fingerprint: 'f2' }))).toBe(true)
    expect((await records.find('one:hash', 'key'))?.fingerprint).toBe('f2')
  })
})

describe('write records in SQLite', () => {
  it('survive reopening the file, even by two processes at once', async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/deep/writes.db`
    await using first = await openWriteRecords(path, () => START)
    await first.begin(record())
    await using second = await openWriteRecords(path, () => START)

    expect(await second.find('one:hash', 'key')).toEqual(record())
    expect(await second.begin(record())).toBe(false)
    await second.finish(record(), made('r1'))
    expect(await first.find('one:hash', 'key')).toEqual(record({ state: 'done', result: made('r1') }))
    expect((await stat(path)).mode & 0o077).toBe(0)
  })

  it('of version 1 are read, finished and swept', async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/writes.db`
    const sql = await readFile(new URL('../support/writes/writes-version-1.sql', import.meta.url), 'utf8')
    const old = await openDatabase(path, { version: 1, sql })
    old.close()
    await using records = await openWriteRecords(path, () => START)

    const kept = record({ write: { pin: { ...record().write.pin, meta: {} }, replaces: null }, before: null })
    const done = { ...kept, key: 'done', startedAt: START + 1, state: 'done', result: made('r1') } as const
    expect(await records.unfinished('one:hash')).toEqual([kept])
    expect(await records.find('one:hash', 'done')).toEqual(done)
    await records.planSweep(done, 'sweep')
    expect(await records.unfinished('one:hash')).toEqual([kept, { ...done, sweepId: 'sweep' }])
    expect(await records.begin(record({ key: 'new' }))).toBe(true)
  })
})
