import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { PinNotFoundError } from '../../../../src/domain/errors.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import type { NewPin, Pin } from '../../../../src/domain/pin.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../src/upstream/providers/capabilities.ts'
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

/** A service that replaces in a single step, unless told otherwise. */
function targetWith(getPin: (requestId: string) => Promise<Pin>, replace: Capabilities['replace'] = 'native') {
  return { getPin, capabilities: { ...SPECIFIED_CAPABILITIES, replace } }
}

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
    const target = targetWith(async (requestId) => {
      asked.push(requestId)
      return pin()
    })
    const write = await writeOf(ref, changes, target)

    expect(write).toEqual({
      pin: { cid, name: 'name', origins: [ORIGIN], meta: { app: 'blog' }, ...changed },
      replaces: { requestId: 'old', cid: cid.text, was: { name: 'name', meta: { app: 'blog' } } },
    })
    expect(asked).toEqual(['old'])
  })

  it('does not read the old pin where name, origins and meta are given, and keeps the CID of its id', async () => {
    const target = targetWith(() => Promise.reject(new Error('read')))
    const parts = { name: null, origins: [], meta: {} }

    expect(await writeOf(ref, parts, target)).toEqual({
      pin: { cid, ...parts },
      replaces: { requestId: 'old', cid: cid.text },
    })
    expect((await writeOf(ref, { ...parts, cid: other }, target)).pin.cid).toBe(other)
  })

  it('reads the old pin in any case where pinql adds and then removes', async () => {
    const parts = { name: null, origins: [], meta: {} }
    const target = targetWith(async () => pin(), 'add-then-remove')

    expect((await writeOf(ref, parts, target)).replaces?.was).toEqual({ name: 'name', meta: { app: 'blog' } })
  })

  it('copies no name if the service named the pin by its CID (#24)', async () => {
    const write = await writeOf(
      ref,
      { meta: {} },
      targetWith(async () => pin({ name: cid.text })),
    )

    expect([write.pin.name, write.replaces?.was?.name]).toEqual([null, null])
  })

  it('passes on that the old pin cannot be read', async () => {
    const gone = new PinNotFoundError('one', 'old')

    await expect(
      writeOf(
        ref,
        { name: 'new' },
        targetWith(() => Promise.reject(gone)),
      ),
    ).rejects.toBe(gone)
  })
})

/** A service that keeps `meta`: nobody looks which pins there were before. */
const KNOWN = { keepsMeta: true, before: null, startedAt: Date.parse('2026-01-31T12:00:00Z') }

describe('ignoredPart', () => {
  const was: Pick<NewPin, 'name' | 'meta'> = { name: 'name', meta: { app: 'blog' } }
  const replaces = { requestId: 'old', cid: cid.text, was }
  const wanted: NewPin = { cid, name: 'new', origins: [], meta: { app: 'blog' }, writeId: 'op' }
  const made = { requestId: 'new', writeId: 'op' }

  it.each([
    ['the new name under a new id', wanted, pin({ ...made, name: 'new' })],
    ['the new name under the old id', wanted, pin({ name: 'new', writeId: 'op' })],
    ['a name that the service changed a bit', wanted, pin({ ...made, name: 'new…' })],
    ['new meta', { ...wanted, name: 'name', meta: { a: '1' } }, pin({ ...made, meta: { a: '1' } })],
    [
      'meta with additions of the service',
      { ...wanted, meta: {} },
      pin({ ...made, name: 'new', meta: { replicas: '3' } }),
    ],
    ['no name, shown as the CID', { ...wanted, name: null }, pin({ ...made, name: cid.text })],
    ['the same name and meta', { ...wanted, name: 'name' }, pin({ writeId: 'op' })],
  ])('finds nothing in an answer with %s', (_what, sent, found) => {
    expect(ignoredPart(sent, replaces, found, KNOWN)).toBeNull()
  })

  it.each([
    ['the old name', wanted, pin(), 'name'],
    ['the old name under a new id', wanted, pin(made), 'name'],
    ['the old name where it was to go', { ...wanted, name: null }, pin(), 'name'],
    ['the CID for a name, as before', wanted, pin({ name: cid.text }), 'name', { ...was, name: null } as typeof was],
    ['old meta', { ...wanted, name: 'name', meta: { a: '1' } }, pin(), 'meta'],
    ['old meta where it was to go', { ...wanted, name: 'name', meta: {} }, pin(), 'meta'],
    ['a third pin', wanted, pin({ requestId: 'third', name: 'third', writeId: 'other' }), 'name'],
    ['a third pin of that name', wanted, pin({ requestId: 'third', name: 'new', writeId: 'other' }), 'cid'],
  ])('finds the part in an answer with %s', (_what, sent, found, part, old = was) => {
    expect(ignoredPart(sent, { ...replaces, was: old }, found, KNOWN)).toMatchObject({ part })
  })

  it('says what was wanted and what was found', () => {
    expect(ignoredPart(wanted, replaces, pin(), KNOWN)).toEqual({
      part: 'name',
      wanted: 'new',
      found: 'name',
      isOthers: false,
    })
  })

  describe('where the old pin was not read', () => {
    const unread = { requestId: 'old', cid: cid.text }

    it('needs the new name and meta under the old request id', () => {
      expect(ignoredPart(wanted, unread, pin({ writeId: 'op' }), KNOWN)).toMatchObject({ part: 'name' })
      const named = pin({ name: 'new', meta: { app: 'old' }, writeId: 'op' })
      expect(ignoredPart(wanted, unread, named, KNOWN)).toMatchObject({ part: 'meta' })
    })

    it.each(['new', 'ne', 'New ', 'NEW…'])('takes a name that the service may have made of the new one: %j', (name) => {
      expect(ignoredPart(wanted, unread, pin({ ...made, name }), KNOWN)).toBeNull()
    })

    it.each(['old', 'newer', '…', null])('takes no other name: %j', (name) => {
      expect(ignoredPart(wanted, unread, pin({ ...made, name }), KNOWN)).toMatchObject({ part: 'name' })
    })

    it('takes meta of which something came back, and no other', () => {
      const found = (meta: Record<string, string>) => pin({ ...made, name: 'new', meta })
      expect(ignoredPart(wanted, unread, found({ app: 'blog', replicas: '3' }), KNOWN)).toBeNull()
      expect(ignoredPart(wanted, unread, found({ app: 'old' }), KNOWN)).toMatchObject({ part: 'meta' })
    })
  })

  describe('if the service drops meta, and the old pin was not read before', () => {
    const dropping = { ...KNOWN, keepsMeta: false }
    const cut = (created: string) => pin({ requestId: 'new', name: 'ne', meta: {}, created: parseInstant(created) })

    it('treats a pin as new if it was created after the request, and else as one that existed before', () => {
      expect(ignoredPart(wanted, replaces, cut('2026-01-31T12:00:01Z'), dropping)).toBeNull()
      expect(ignoredPart(wanted, replaces, cut('2026-01-31T11:00:00Z'), dropping)).toMatchObject({ isOthers: true })
    })
  })

  it.each([null, false])('finds nothing in meta that never came back (keepsMeta: %s)', (keepsMeta) => {
    const bare = { ...replaces, was: { name: 'name', meta: {} } }
    const sent = { ...wanted, name: 'name', meta: { a: '1' } }

    expect(ignoredPart(sent, bare, pin({ ...made, meta: {} }), { ...KNOWN, keepsMeta })).toBeNull()
    expect(ignoredPart(sent, bare, pin({ requestId: 'new', meta: {} }), { ...KNOWN, keepsMeta })).toBeNull()
  })
})
