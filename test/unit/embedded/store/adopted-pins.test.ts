import { expect, it } from 'vitest'
import { PIN_STATUSES } from '../../../../src/domain/pin.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { describeHiddenPins } from '../../../../src/embedded/store/hidden-pins.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import { configuredName, shortNameOf, TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { openDatabase } from '../../../../src/storage/open-database.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

async function openStore(path: string) {
  const database = await openDatabase(`${path}/pins.db`, PIN_DATABASE)
  const pins = new PinStore(database)
  const tokens = new TokenStore(database)
  const add = (owner: number, name: string) =>
    pins.add(owner, { cid: { text: 'c', key: 'k' }, name, origins: [], meta: { app: name } })
  const find = (owner: number, more: object = {}) => {
    const all = {
      cidKeys: null,
      name: null,
      match: 'exact',
      statuses: PIN_STATUSES,
      before: null,
      after: null,
      meta: {},
      limit: 9,
    } as const
    return pins.list(owner, { ...all, ...more }).results.map(({ name }) => name)
  }
  return { database, pins, tokens, add, find }
}

it('gives all pins of an owner to another, who finds, counts and removes them as its own', async () => {
  await using folder = await temporaryFolder()
  const { database, pins, tokens, add, find } = await openStore(folder.path)
  const [old, own] = [tokens.ownerOfConfigured('old'), tokens.ownerOfConfigured('own')]
  add(own, 'mine')
  const { requestId } = add(old, 'theirs')
  pins.setStatus(add(old, 'failed').created, 'failed', {})
  expect(tokens.adoptPins(shortNameOf(configuredName('old')), configuredName('own'))).toBe(2)

  expect(find(own)).toEqual(['failed', 'theirs', 'mine'])
  expect(find(own, { name: 'THEIR', match: 'ipartial' })).toEqual(['theirs'])
  expect(find(own, { meta: { app: 'failed' } })).toEqual(['failed'])
  expect([pins.usage(own).pins, pins.usage(old).pins]).toEqual([3, 0])
  expect(find(old)).toEqual([])
  expect(pins.remove(own, requestId)?.name).toBe('theirs')
  expect(pins.usage(own).pins).toBe(2)
  expect(database.prepare('SELECT count(*) AS n FROM pin_term WHERE owner = ?').get(old)).toEqual({ n: 0 })
  database.close()
})

it('lists the pins that no token shows', async () => {
  await using folder = await temporaryFolder()
  const { database, tokens, add } = await openStore(folder.path)
  const [old, own] = [tokens.ownerOfConfigured('old'), tokens.ownerOfConfigured('own')]
  for (const owner of [old, own, own]) add(owner, 'x')
  tokens.createToken('app')
  add(tokens.ownerNamed('app'), 'y')
  expect(tokens.hiddenPins([own])).toEqual([{ owner: configuredName('old'), pins: 1 }])
  tokens.revokeToken('app')
  expect(tokens.hiddenPins([own, old])).toEqual([{ owner: 'app', pins: 1 }])
  database.close()
})

it('does not guess between owners whose names begin alike', async () => {
  await using folder = await temporaryFolder()
  const { database, tokens } = await openStore(folder.path)
  tokens.ownerNamed('configured:aa1')
  tokens.ownerNamed('configured:aa2')
  tokens.ownerNamed('application')
  expect(() => tokens.adoptPins('configured:aa', 'application')).toThrow('Several owners are named configured:aa…')
  expect(() => tokens.adoptPins('configured:', 'application')).toThrow('There are no pins of "configured:"')
  expect(() => tokens.adoptPins('app', 'application')).toThrow('There are no pins of "app"')
  expect(tokens.adoptPins('configured:aa1', 'application')).toBe(0)
  database.close()
})

it('quotes what a shell would read otherwise', () => {
  expect(describeHiddenPins({ owner: "Ann's app", pins: 2 }, '/my pins', null)).toBe(
    `2 pins are hidden: the token "Ann's app" does not exist here; "pinql token create --name 'Ann'\\''s app' --data-dir '/my pins'" makes one`,
  )
})
