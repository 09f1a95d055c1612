import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { PinNotFoundError } from '../../../../src/domain/errors.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import type { NewPin, Pin } from '../../../../src/domain/pin.ts'
import { ignoredPart, writeOf } from '../../../../src/upstream/writes/replacement.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'

const cid = parseCid(exampleCid(1))
const [ORIGIN, OTHER] = ['/dns4/a.example/tcp/1/p2p/x', '/dns4/b.example/tcp/1/p2p/x']

function pin(more: Partial<Pin> = {}): Pin {
  return {
    service: 'one',
    requestId: 'old',
    status: 'pinned',
    created: parseInstant('2026-01-31T12:00:01Z'),
    cid,
    name: 'name',
    origins: [ORIGIN],
    meta: { app: 'blog' },
    delegates: [],
    info: {},
    ...more,
  }
}

const ref = { service: 'one', requestId: 'old', cid: cid.text }

describe('writeOf', () => {
  const other = parseCid(exampleCid(2))

  it.each([
    ['a name', { name: 'new' }, { name: 'new' }],
    ['a CID', { cid: other }, { cid: other }],
    ['meta', { meta: {} }, { meta: {} }],
    ['origins', { origins: [OTHER] }, { origins: [OTHER] }],
    ['a name that goes', { name: null }, { name: null }],
    ['what is undefined', { name: undefined, cid: undefined, meta: { a: '1' } }, { meta: { a: '1' } }],
  ])('takes the parts that are not named from the old pin: %s', async (_what, changes, changed) => {
    const asked: string[] = []
    const write = await writeOf(ref, changes, async (requestId) => {
      asked.push(requestId)
      return pin()
    })

    expect(write).toEqual({
      pin: { cid, name: 'name', origins: [ORIGIN], meta: { app: 'blog' }, ...changed },
      replaces: { requestId: 'old', cid: cid.text, was: { name: 'name', meta: { app: 'blog' } } },
    })
    expect(asked).toEqual(['old'])
  })

  it('does not read the old pin where name, origins and meta are given, and keeps the CID of its id', async () => {
    const getPin = () => Promise.reject(new Error('read'))
    const parts = { name: null, origins: [], meta: {} }

    expect(await writeOf(ref, parts, getPin)).toEqual({
      pin: { cid, ...parts },
      replaces: { requestId: 'old', cid: cid.text },
    })
    expect((await writeOf(ref, { ...parts, cid: other }, getPin)).pin.cid).toBe(other)
  })

  it('takes no name over where the service named the pin by its CID (#24)', async () => {
    const write = await writeOf(ref, { meta: {} }, async () => pin({ name: cid.text }))

    expect([write.pin.name, write.replaces?.was?.name]).toEqual([null, null])
  })

  it('passes on that the old pin cannot be read', async () => {
    const gone = new PinNotFoundError('one', 'old')

    await expect(writeOf(ref, { name: 'new' }, () => Promise.reject(gone))).rejects.toBe(gone)
  })
})

describe('ignoredPart', () => {
  const was: Pick<NewPin, 'name' | 'meta'> = { name: 'name', meta: { app: 'blog' } }
  const replaces = { requestId: 'old', cid: cid.text, was }
  const wanted: NewPin = { cid, name: 'new', origins: [], meta: { app: 'blog' }, operationId: 'op' }
  const made = { requestId: 'new', operationId: 'op' }

  it.each([
    ['the new name under a new id', wanted, pin({ ...made, name: 'new' })],
    ['the new name under the old id', wanted, pin({ name: 'new', operationId: 'op' })],
    ['a name that the service changed a bit', wanted, pin({ ...made, name: 'new…' })],
    ['new meta', { ...wanted, name: 'name', meta: { a: '1' } }, pin({ ...made, meta: { a: '1' } })],
    [
      'meta with additions of the service',
      { ...wanted, meta: {} },
      pin({ ...made, name: 'new', meta: { replicas: '3' } }),
    ],
    ['no name, shown as the CID', { ...wanted, name: null }, pin({ ...made, name: cid.text })],
    ['the same name and meta', { ...wanted, name: 'name' }, pin({ operationId: 'op' })],
  ])('finds nothing in an answer with %s', (_what, sent, found) => {
    expect(ignoredPart(sent, replaces, found, true)).toBeNull()
  })

  it.each([
    ['the old name', wanted, pin(), 'input.name'],
    ['the old name under a new id', wanted, pin(made), 'input.name'],
    ['the old name where it was to go', { ...wanted, name: null }, pin(), 'input.name'],
    [
      'the CID for a name, as before',
      wanted,
      pin({ name: cid.text }),
      'input.name',
      { ...was, name: null } as typeof was,
    ],
    ['old meta', { ...wanted, name: 'name', meta: { a: '1' } }, pin(), 'input.meta'],
    ['old meta where it was to go', { ...wanted, name: 'name', meta: {} }, pin(), 'input.meta'],
    ['a third pin', wanted, pin({ requestId: 'third', name: 'third', operationId: 'other' }), 'input.name'],
    ['a third pin of that name', wanted, pin({ requestId: 'third', name: 'new', operationId: 'other' }), 'input.cid'],
  ])('finds the part in an answer with %s', (_what, sent, found, part, old = was) => {
    expect(ignoredPart(sent, { ...replaces, was: old }, found, true)).toMatchObject({ part })
  })

  it('says what was wanted and what was found', () => {
    expect(ignoredPart(wanted, replaces, pin(), true)).toEqual({ part: 'input.name', wanted: 'new', found: 'name' })
  })

  it('goes by the request id alone where the old pin was not read', () => {
    const unread = { requestId: 'old', cid: cid.text }

    expect(ignoredPart(wanted, unread, pin(), true)).toMatchObject({ part: 'input.name' })
    expect(ignoredPart(wanted, unread, pin({ ...made, name: 'whatever' }), true)).toBeNull()
  })

  it.each([null, false])('finds nothing in meta that never came back (keepsMeta: %s)', (keepsMeta) => {
    const bare = { ...replaces, was: { name: 'name', meta: {} } }
    const sent = { ...wanted, name: 'name', meta: { a: '1' } }

    expect(ignoredPart(sent, bare, pin({ ...made, meta: {} }), keepsMeta)).toBeNull()
    expect(ignoredPart(sent, bare, pin({ requestId: 'new', meta: {} }), keepsMeta)).toBeNull()
  })
})
