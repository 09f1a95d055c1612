import { describe, expect, it } from 'vitest'
import { badInput, failedPayload } from '../../support/gateway/expected-errors.ts'
import { OPERATION_DOCUMENTS } from '../../support/gateway/operation-documents.ts'
import { idOf, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

const id = idOf({ requestId: 'r1', cid: exampleCid(1) })
const origin = '/ip4/198.51.100.1/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const A_CHANGE = 'at least one of cid, name, meta, origins and clear; to pin the same content again, name its cid'

type Case = [what: string, input: object, argument: string, expected: string, received: unknown]

const CASES: Case[] = [
  ['an empty CID', { cid: '' }, 'input.cid', 'a CID, or null to keep the CID', ''],
  ['an empty name', { name: '' }, 'input.name', 'a name, null to keep the name, or clear: [NAME] to remove it', ''],
  ['empty meta', { meta: {} }, 'input.meta', 'entries, null to keep them, or clear: [META] to remove them', {}],
  [
    'empty origins',
    { origins: [] },
    'input.origins',
    'multiaddrs, null to keep them, or clear: [ORIGINS] to remove them',
    [],
  ],
  [
    'an empty name beside other parts',
    { cid: exampleCid(2), name: '' },
    'input.name',
    'a name, null to keep the name, or clear: [NAME] to remove it',
    '',
  ],
  ['a name that is cleared too', { name: 'n', clear: ['NAME'] }, 'input.name', 'null, since clear has NAME', 'n'],
  [
    'meta that is cleared too',
    { meta: { a: 'b' }, clear: ['NAME', 'META'] },
    'input.meta',
    'null, since clear has META',
    { a: 'b' },
  ],
  [
    'origins that are cleared too',
    { origins: [origin], clear: ['ORIGINS'] },
    'input.origins',
    'null, since clear has ORIGINS',
    [origin],
  ],
  ['nothing to change', {}, 'input', A_CHANGE, { id }],
  [
    'nothing but null',
    { cid: null, name: null, meta: null, origins: null, clear: null, idempotencyKey: null },
    'input',
    A_CHANGE,
    { id },
  ],
  ['nothing to clear', { clear: [] }, 'input', A_CHANGE, { id }],
  ['a name over 255 characters', { name: 'ä'.repeat(256) }, 'input.name', 'at most 255 characters', '256 characters'],
  ['meta with a number', { meta: { app: 'x', size: 7 } }, 'input.meta.size', 'a string', 7],
  ['meta that is a list', { meta: ['a'] }, 'input.meta', 'an object whose values are strings', ['a']],
  [
    'an origin that is none',
    { origins: [origin, 'peer'] },
    'input.origins[1]',
    'a multiaddr that ends in /p2p/{peerId}',
    'peer',
  ],
]

describe('the input of replacePin', () => {
  it.each(CASES)('is refused for %s, and no request is sent', async (_what, input, argument, expected, received) => {
    await using setup = await startSetup()

    expect(await setup.api.query(OPERATION_DOCUMENTS.replacePin, { input: { ...input, id } })).toEqual({
      data: { result: failedPayload(badInput(argument, expected, received), { replacedId: null }) },
    })
    expect(setup.service.count()).toBe(0)
  })

  it('is refused with the key that was given', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(OPERATION_DOCUMENTS.replacePin, { input: { id, idempotencyKey: 'my key' } })).toEqual({
      data: {
        result: failedPayload(badInput('input', A_CHANGE, { id }), { replacedId: null, idempotencyKey: 'my key' }),
      },
    })
  })
})
