import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import { type NameMatch, PIN_STATUSES, type Pin } from '../../../../src/domain/pin.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { openDatabase, transaction } from '../../../../src/storage/open-database.ts'
import { createPinFilter } from '../../../../src/upstream/http/list-query.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const RUNS = Number(process.env.PINQL_PROPERTY_RUNS ?? 60)
const MATCHES: readonly NameMatch[] = ['exact', 'iexact', 'partial', 'ipartial']

/** Letters that are compared in several forms, and any others. */
const letter = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('a', 'A', 's', 'S', 'ß', 'ẞ', 'σ', 'ς', 'Σ', ' ', '.', 'é', 'É', 'e', '\u0301'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'ſ',
      '\u212a',
      'K',
      'İ',
      'i',
      '\u0307',
      'ı',
      'ﬁ',
      'ΐ',
      'Ϊ',
      'ᾳ',
      '\u0345',
      '\u0323',
      '가',
      '\u1100',
      '\u1161',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((text) => text !== '\0') },
)
const text = (minLength: number) => fc.array(letter, { minLength, maxLength: 8 }).map((letters) => letters.join(''))

/** A name as somebody else may write it. */
const rewritten = (name: string) =>
  fc.constantFrom(name, name.toUpperCase(), name.toLowerCase(), name.normalize('NFD'), name.normalize('NFC'))

/** Names of pins, and a part of one of them in another form. */
const cases = fc.array(text(0), { minLength: 1, maxLength: 12 }).chain((names) =>
  fc.record({
    names: fc.constant(names),
    wanted: fc.oneof(
      text(1),
      fc
        .tuple(fc.constantFrom(...names), fc.nat(8), fc.integer({ min: 1, max: 9 }))
        .chain(([name, from, length]) => rewritten([...name].slice(from, from + length).join('')))
        .map((part) => part || 'a'),
    ),
  }),
)

it('finds the names that the gateway takes for matches, in all four ways', { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder()
  const database = await openDatabase(`${folder.path}/pins.db`, PIN_DATABASE)
  const pins = new PinStore(database)
  const tokens = new TokenStore(database)
  let created = 0
  const cid = parseCid(exampleCid(1))
  fc.assert(
    fc.property(cases, ({ names, wanted }) => {
      const owner = tokens.ownerOfConfigured(`${created}`)
      transaction(database, () => {
        for (const name of names)
          pins.restore(owner, { cid, name, origins: [], meta: {} }, { requestId: `r${created}`, created: created++ })
      })
      for (const match of MATCHES) {
        const query = { name: wanted, match, statuses: PIN_STATUSES }
        const isMatch = createPinFilter(query)
        const expected = names.filter((name) => isMatch(pinNamed(name)))
        const filter = { ...query, cidKeys: null, before: null, after: null, meta: {}, limit: 100 }
        const found = pins.list(owner, filter)
        expect({ match, names: found.results.map((pin) => pin.name).reverse() }).toEqual({ match, names: expected })
      }
    }),
    { numRuns: RUNS },
  )
  database.close()

  function pinNamed(name: string): Pin {
    const created = parseInstant('2026-01-31T12:00:00Z')
    const rest = { origins: [], meta: {}, delegates: [], info: {} }
    return { service: 'one', requestId: 'r', status: 'queued', cid, name, created, ...rest }
  }
})
