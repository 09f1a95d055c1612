import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { formatCursor, parseCursor } from '../../../src/domain/pin-cursor.ts'

const pin: Pin = {
  service: 'local',
  requestId: 'r',
  status: 'pinned',
  cid: { text: 'bafkqaaa', key: 'k' },
  name: null,
  created: parseInstant('2022-11-06T01:30:00-04:00'),
  origins: [],
  meta: {},
  delegates: [],
  info: {},
}

describe('cursors', () => {
  it('lead back to the place of their pin, whatever its request id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (requestId) => {
        const { created, service } = pin
        expect(parseCursor(formatCursor({ ...pin, requestId }))).toEqual({ created, service, requestId })
      }),
    )
  })

  it.each(['', 'abc', Buffer.from('yesterday|local|r').toString('base64url'), `${formatCursor(pin)}A`])(
    'are refused when pinql did not make them: %j',
    (cursor) => {
      expect(() => parseCursor(cursor)).toThrow(/^after: expected a cursor that pinql gave out, got /)
    },
  )
})
