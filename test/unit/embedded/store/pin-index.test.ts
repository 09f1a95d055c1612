import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldCase } from '../../../../src/domain/fold-case.ts'
import { type NameMatch, type NewPin, PIN_STATUSES, type PinStatus } from '../../../../src/domain/pin.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { gramQuery, gramsOf } from '../../../../src/embedded/store/name-grams.ts'
import type { PinFilter } from '../../../../src/embedded/store/pin-filter.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import { foldedNameTerm, termsOf } from '../../../../src/embedded/store/pin-terms.ts'
import type { StoredPin } from '../../../../src/embedded/store/stored-pin.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { type Database, openDatabase } from '../../../../src/storage/open-database.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const NOTHING: PinFilter = {
  cidKeys: null,
  name: null,
  match: 'exact',
  statuses: PIN_STATUSES,
  before: null,
  after: null,
  meta: {},
  limit: 1_000,
}

const newPin: fc.Arbitrary<NewPin> = fc.record({
  cid: fc.constantFrom('k1', 'k2', 'k3').map((key) => ({ text: key, key })),
  name: fc.option(
    fc.string({ unit: fc.constantFrom('a', 'A', 'ß', 'σ', 'Σ', 'e', '\u0301', '😀', 'zzzz', '"', ' '), maxLength: 8 }),
  ),
  origins: fc.constant([]),
  meta: fc.dictionary(fc.constantFrom('a', 'b', ''), fc.constantFrom('', '1'), { maxKeys: 3 }),
})

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), owner: fc.nat(1), pin: newPin }),
  fc.record({ kind: fc.constant('restore' as const), owner: fc.nat(1), pin: newPin, created: fc.nat(50) }),
  fc.record({ kind: fc.constant('replace' as const), which: fc.nat(), pin: newPin }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('settle' as const), which: fc.nat(), status: fc.constantFrom(...PIN_STATUSES) }),
  fc.record({ kind: fc.constant('restart' as const) }),
)

/** Every filter that one of the pins gives a reason to ask for, with what makes a pin match it. */
function filtersFor(pin: NewPin & { status: PinStatus }): [Partial<PinFilter>, (other: StoredPin) => boolean][] {
  const named = (match: NameMatch, name: string): Partial<PinFilter> => ({ match, name })
  const found: [Partial<PinFilter>, (other: StoredPin) => boolean][] = [
    [{}, () => true],
    [{ statuses: [pin.status] }, ({ status }) => status === pin.status],
    [{ cidKeys: [pin.cid.key] }, ({ cidKey }) => cidKey === pin.cid.key],
    [{ meta: pin.meta }, ({ meta }) => Object.entries(pin.meta).every(([key, value]) => meta[key] === value)],
  ]
  if (pin.name === null) return found
  const wanted = pin.name
  const letters = [...wanted]
  found.push(
    [named('exact', wanted), ({ name }) => name === wanted],
    [named('iexact', wanted), ({ name }) => name !== null && foldCase(name) === foldCase(wanted)],
  )
  for (let length = 1; length <= letters.length; length++) {
    const part = letters.slice(-length).join('')
    found.push(
      [named('partial', part), ({ name }) => name?.includes(part) ?? false],
      [named('ipartial', part), ({ name }) => name !== null && foldCase(name).includes(foldCase(part))],
    )
  }
  return found
}

async function openPins(path: string): Promise<{ database: Database; pins: PinStore; owners: number[] }> {
  const database = await openDatabase(path, PIN_DATABASE)
  const tokens = new TokenStore(database)
  return {
    database,
    pins: new PinStore(database),
    owners: ['a', 'b'].map((token) => tokens.ownerOfConfigured(token)),
  }
}

/** Compares what is found by the index with what is found by looking at each pin. */
function expectIndexed(database: Database, pins: PinStore): void {
  const keys = (database.prepare('SELECT created FROM pin ORDER BY created DESC').all() as { created: number }[]).map(
    ({ created }) => created,
  )
  const all = keys.map((key) => pins.getByKey(key)).filter((pin) => pin !== null)
  for (const { cid, cidKey, ...pin } of all) {
    for (const [filter, matches] of filtersFor({ ...pin, cid: { text: cid, key: cidKey } })) {
      const expected = all.filter((other) => other.owner === pin.owner && matches(other))
      expect({ filter, ...pins.list(pin.owner, { ...NOTHING, ...filter }) }).toEqual({
        filter,
        count: expected.length,
        // Lists leave out the fields that only the service itself uses.
        results: expected.map(({ owner: _, cidKey: _key, blocks: _blocks, bytes: _bytes, ...listed }) => listed),
      })
    }
  }
}

it('finds each pin by what it is now, and no pin that is gone, whatever happened to them', {
  timeout: 60_000,
}, async () => {
  await using folder = await temporaryFolder()
  const { database, pins, owners } = await openPins(`${folder.path}/pins.db`)
  const runs = Number(process.env.PINQL_PROPERTY_RUNS ?? 60)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      database.exec('DELETE FROM pin; DELETE FROM pin_name; DELETE FROM garbage')
      expect(database.prepare('SELECT * FROM pin_term').all()).toEqual([])
      const live: StoredPin[] = []
      for (const [i, each] of steps.entries()) {
        const at = 'which' in each && live.length > 0 ? each.which % live.length : -1
        const pin = live[at]
        if (each.kind === 'add') live.push(pins.add(owners[each.owner] ?? 0, each.pin))
        else if (each.kind === 'restart') pins.requeueUnfinished()
        else if (each.kind === 'restore') {
          const id = { requestId: `${i}`, created: each.created }
          const { restored, isNew } = pins.restore(owners[each.owner] ?? 0, each.pin, id)
          if (isNew) live.push(restored)
        } else if (!pin) continue
        else if (each.kind === 'settle') pins.setStatus(pin.created, each.status, {})
        else if (each.kind === 'remove') pins.remove(pin.owner, live.splice(at, 1)[0]?.requestId ?? '')
        else {
          const replaced = pins.replace(pin.owner, pin.requestId, each.pin)
          live.splice(at, 1, ...(replaced ? [replaced.added] : []))
        }
      }
      expectIndexed(database, pins)
    }),
    { numRuns: runs },
  )
  database.close()
})

it.each(['', 'DROP INDEX pin_by_owner'])('finds the pins of a database of version 1 %s', async (difference) => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/pins.db`
  const old = await openDatabase(path, {
    version: 1,
    sql: readFileSync(new URL('../../../support/embedded/pins-version-1.sql', import.meta.url), 'utf8'),
  })
  old.exec(difference)
  old.exec(`
    INSERT INTO owner VALUES (1, 'a'), (2, 'b');
    INSERT INTO pin (created, requestid, owner, status, cid, cid_key, name, name_fold, origins, meta) VALUES
      (100, 'r1', 1, 'pinned', 'c1', 'k1', 'Straße', 'STRASSE', '[]', '{"app":"x","env":"prod"}'),
      (200, 'r2', 1, 'queued', 'c2', 'k2', NULL, NULL, '["/ip4/127.0.0.1/tcp/1"]', '{}'),
      (300, 'r3', 2, 'failed', 'c1', 'k1', 'x', 'X', '[]', '{"app":"x"}')`)
  old.close()
  const { database, pins } = await openPins(path)
  expectIndexed(database, pins)
  pins.setStatus(200, 'pinned', {})
  expect(pins.remove(1, 'r1')?.name).toBe('Straße')
  expectIndexed(database, pins)
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  database.close()
})

describe('a database of version 2', () => {
  /** Names as version 2 folded them: without a look at accents that are characters of their own. */
  const NAMES = ['Ele\u0301ment', 'Straße', 'ascii', 'ΟΔΟΣ', ...Array.from({ length: 50 }, (_, i) => `E\u0301 ${i}`)]

  async function openUpgraded(path: string) {
    const old = await openDatabase(path, {
      version: 2,
      sql: readFileSync(new URL('../../../support/embedded/pins-version-2.sql', import.meta.url), 'utf8'),
    })
    old.exec(`INSERT INTO owner VALUES (1, 'a')`)
    const add =
      old.prepare(`INSERT INTO pin (created, requestid, owner, status, cid, cid_key, name, name_fold, origins, meta, terms)
      VALUES (?, ?, 1, 'pinned', 'c', 'k', ?, ?, '[]', '{"app":"x"}', ?)`)
    const addGrams = old.prepare('INSERT INTO pin_name (rowid, grams) VALUES (?, ?)')
    for (const [i, name] of NAMES.entries()) {
      const folded = name.toLowerCase().toUpperCase()
      // The other terms of a pin have not changed. `gramsOf` of a name that is folded already makes grams of that name only.
      const terms = termsOf({ cid: { text: 'c', key: 'k' }, name, origins: [], meta: { app: 'x' } })
      const oldTerms = terms.map((term) => (term === foldedNameTerm(foldCase(name)) ? foldedNameTerm(folded) : term))
      add.run(i, `r${i}`, name, folded, `[${oldTerms}]`)
      addGrams.run(i, name === folded ? gramsOf(name) : `${oldGrams(name)} ${oldGrams(folded)}`)
    }
    old.close()
    return await openPins(path)
  }

  /** Returns the grams of a name in one form, as version 2 made them. */
  function oldGrams(name: string): string {
    const letters = [...name].map((letter) => (letter.codePointAt(0) ?? 0).toString(36).padStart(4, '0'))
    const grams = letters.map((letter, i) => `${letter}${letters[i + 1] ?? 'zzzz'}${letters[i + 2] ?? 'zzzz'}`)
    return grams.join(' ')
  }

  it('finds each name by any form of it, before and after its grams are made anew', async () => {
    await using folder = await temporaryFolder()
    const { database, pins } = await openUpgraded(`${folder.path}/pins.db`)
    const found = (match: NameMatch, name: string) =>
      pins.list(1, { ...NOTHING, match, name }).results.map((pin) => pin.name)
    const expectFound = (): void => {
      expect(found('iexact', 'ÉLÉMENT')).toEqual([])
      expect(found('iexact', 'eLÉMENT')).toEqual(['Ele\u0301ment'])
      expect(found('ipartial', 'LÉm')).toEqual(['Ele\u0301ment'])
      expect(found('ipartial', 'le\u0301M')).toEqual(['Ele\u0301ment'])
      expect(found('ipartial', 'É 49')).toEqual(['E\u0301 49'])
      expect(found('ipartial', 'rass')).toEqual(['Straße'])
      expect(found('partial', 'e\u0301m')).toEqual(['Ele\u0301ment'])
      expectIndexed(database, pins)
    }
    expectFound()
    pins.remove(1, 'r10')
    expect(pins.regramSome()).toBe(true)
    expectFound()
    while (pins.regramSome());
    // From here on, parts of names are looked for by their grams.
    expectFound()
    expect(database.prepare('SELECT count(*) AS n FROM stale_name').get()).toEqual({ n: 0 })
    expect(
      database.prepare('SELECT count(*) AS n FROM pin_name WHERE pin_name MATCH ?').get(gramQuery(foldCase('LÉM'))),
    ).toEqual({ n: 1 })
    pins.setStatus(0, 'failed', {})
    expect(pins.remove(1, 'r0')?.name).toBe('Ele\u0301ment')
    expectIndexed(database, pins)
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    database.close()
  })

  it('changes no names that fold as before', async () => {
    await using folder = await temporaryFolder()
    const { database } = await openUpgraded(`${folder.path}/pins.db`)
    const stale = database
      .prepare('SELECT name FROM stale_name JOIN pin ON created = stale_name.pin ORDER BY pin')
      .all()
    expect(stale.map((row) => (row as { name: string }).name)).toEqual(NAMES.filter((name) => name.includes('\u0301')))
    database.close()
  })
})
