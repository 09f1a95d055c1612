import { expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import type { Pin } from '../../../../src/domain/pin.ts'
import { createPinMatcher } from '../../../../src/upstream/writes/pin-matcher.ts'
import type { WriteRecord } from '../../../../src/upstream/writes/write-records.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'

const cid = parseCid(exampleCid(1))
const STARTED = Date.parse('2026-01-31T12:00:00Z')

const record = (name: string | null): WriteRecord => ({
  tenantKey: 't',
  key: 'k',
  fingerprint: 'f',
  writeId: 'op',
  startedAt: STARTED,
  state: 'unknown',
  write: { pin: { cid, name, origins: [], meta: {} }, replaces: null },
  before: ['there'],
  result: null,
  sweepId: null,
})

const pin = (requestId: string, more: Partial<Pin> = {}): Pin => ({
  service: 'one',
  requestId,
  status: 'queued',
  created: parseInstant('2026-01-31T12:00:01Z'),
  cid,
  name: 'n',
  origins: [],
  meta: {},
  delegates: [],
  info: {},
  ...more,
})

const ids = (pins: readonly Pin[]) => pins.map(({ requestId }) => requestId)

it('takes the pins of the operation, oldest first, whatever else they say', () => {
  const match = createPinMatcher(record('n'))
  const pins = [
    pin('young', { writeId: 'op', created: parseInstant('2026-01-31T12:00:02+00:00') }),
    pin('b', { writeId: 'op', name: 'other' }),
    pin('a', { writeId: 'op' }),
    pin('there', { writeId: 'op', created: parseInstant('2001-01-01T00:00:00Z') }),
    pin('x', { writeId: 'another' }),
  ]

  expect(ids(match(pins).mine)).toEqual(['there', 'a', 'b', 'young'])
})

it('treats a pin as similar if it is new, has the name and belongs to no write', () => {
  const match = createPinMatcher(record('n'))
  const pins = [
    pin('yes'),
    pin('behind', { created: parseInstant('2026-01-31T11:55:00Z') }),
    pin('too old', { created: parseInstant('2026-01-31T11:54:59Z') }),
    pin('other name', { name: 'm' }),
    pin('no name', { name: null }),
    pin('there'),
    pin('of another write', { writeId: 'another' }),
  ]

  expect(ids(match(pins).similar)).toEqual(['yes', 'behind'])
})

it('takes a name that is the CID for none (#24)', () => {
  const match = createPinMatcher(record(null))

  expect(ids(match([pin('a', { name: cid.text }), pin('b', { name: null }), pin('c')]).similar)).toEqual(['a', 'b'])
})
