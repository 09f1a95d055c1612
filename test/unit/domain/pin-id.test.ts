import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPinId, formatServiceId, parseNodeId, parsePinId } from '../../../src/domain/pin-id.ts'

const cid = 'bafkqaaa'

describe('global ids', () => {
  it('carry service, CID and any request id, in characters that a URL takes', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9-]{1,20}$/),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        (service, requestId) => {
          const id = formatPinId({ service, requestId, cid: { text: cid } })
          expect(id).toMatch(/^[\w-]+$/)
          expect(parsePinId(id)).toEqual({ service, cid, requestId })
        },
      ),
    )
  })

  it('name services too', () => {
    expect(parseNodeId(formatServiceId('local'))).toEqual({ type: 'Service', service: 'local' })
    expect(() => parsePinId(formatServiceId('local'))).toThrow(
      'id: expected the id of a Pin, got "the id of a Service"',
    )
  })

  it.each([
    '',
    'abc',
    cid,
    'UGluOmE',
    Buffer.from(`Pin:a:${cid}:`).toString('base64url'),
    Buffer.from('Pin:a:no-cid:b').toString('base64url'),
    `${formatServiceId('local')}=`,
  ])('are refused when pinql did not make them: %j', (id) => {
    expect(() => parsePinId(id, 'ids[3]')).toThrow(/^ids\[3\]: expected an id that pinql gave out, got /)
  })
})
