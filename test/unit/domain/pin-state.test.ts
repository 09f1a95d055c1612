import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { isSameState } from '../../../src/domain/pin-state.ts'

const PIN: Required<Pin> = {
  service: 'one',
  requestId: 'r1',
  status: 'pinning',
  cid: parseCid('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'),
  name: 'blog',
  created: parseInstant('2026-01-31T12:00:00Z'),
  origins: ['/ip4/203.0.113.1/tcp/4001'],
  meta: { app: 'blog' },
  delegates: ['/ip4/203.0.113.2/tcp/4001'],
  info: { dag_size: '1' },
  writeId: undefined,
  unknownStatus: undefined,
}

const OTHERS: { readonly [Field in keyof Pin]-?: readonly Pin[Field][] } = {
  service: ['two'],
  requestId: ['r2'],
  status: ['pinned'],
  cid: [parseCid('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')],
  name: [null, 'Blog'],
  created: [parseInstant('2026-01-31T12:00:00.000Z')],
  origins: [[], ['/ip4/203.0.113.3/tcp/4001'], [...PIN.origins, '/ip4/203.0.113.3/tcp/4001']],
  meta: [{}, { app: 'shop' }, { app: 'blog', more: '1' }, { other: 'blog' }],
  delegates: [[], ['/ip4/203.0.113.3/tcp/4001'], [...PIN.delegates, '/ip4/203.0.113.3/tcp/4001']],
  info: [{}, { dag_size: '2' }, { dag_size: '1', more: '1' }, { other: '1' }],
  writeId: ['op'],
  unknownStatus: ['archived'],
}

/** Fields that identify a pin, that services print differently each time, or that clients do not see. */
const NOT_COMPARED: readonly string[] = ['service', 'requestId', 'created', 'writeId', 'unknownStatus']

describe('isSameState', () => {
  it('is true for two answers that say the same', () => {
    expect(isSameState(PIN, structuredClone(PIN))).toBe(true)
  })

  it.each(Object.entries(OTHERS))('compares %s unless clients could not see a difference', (field, values) => {
    for (const value of values) {
      const other = { ...PIN, [field]: value }
      expect([isSameState(PIN, other), isSameState(other, PIN)]).toEqual(Array(2).fill(NOT_COMPARED.includes(field)))
    }
  })
})
