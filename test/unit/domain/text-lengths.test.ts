import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { BadRequestError, show } from '../../../src/domain/errors.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import { parseMultiaddr } from '../../../src/domain/multiaddr.ts'
import { parseCursor } from '../../../src/domain/pin-cursor.ts'
import { formatPinId, MAX_ID_LENGTH, parseNodeId, parsePinId } from '../../../src/domain/pin-id.ts'

const LENGTH = 1_000_000
const PEER = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

describe('texts of a million characters', () => {
  // Decoding would take time that grows with the square of the length: the test would time out.
  it.each([
    ['a CID in base58', () => parseCid(`z${'2'.repeat(LENGTH)}`)],
    ['a CID in base36', () => parseCid(`k${'2'.repeat(LENGTH)}`)],
    ['a CID of version 0', () => parseCid(`Q${'m'.repeat(LENGTH)}`)],
    ['a multiaddr', () => parseMultiaddr(`/ip4/127.0.0.1/tcp/1/p2p/Qm${'2'.repeat(LENGTH)}`)],
    ['a multiaddr of many parts', () => parseMultiaddr(`${'/p2p-circuit'.repeat(LENGTH / 12)}/p2p/${PEER}`)],
    ['an instant', () => parseInstant(`2026-01-31T12:00:00.${'1'.repeat(LENGTH)}Z`)],
    ['an id', () => parseNodeId('QUJD'.repeat(LENGTH / 4))],
    ['a cursor', () => parseCursor('QUJD'.repeat(LENGTH / 4))],
  ])('are refused at once: %s', (_what, parse) => {
    expect(parse).toThrow(BadRequestError)
  })

  it('are cut before they are shown in an error', () => {
    expect(show('"'.repeat(LENGTH))).toHaveLength(98)
    expect(show({ a: 'b'.repeat(LENGTH) })).toHaveLength(98)
  })
})

describe('the longest texts that are read', () => {
  it('has 512 characters for a CID', () => {
    // In base16: the identity function, and a digest of 249 bytes.
    const text = `f0155${'00'}${'f901'}${'ab'.repeat(249)}`

    expect(text.length).toBeLessThanOrEqual(512)
    expect(parseCid(text).text).toBe(text)
    expect(() => parseCid(text.padEnd(513, '0'))).toThrow('a CID of at most 512 characters')
  })

  it('has 1,024 characters for an id', () => {
    const bytesLeft = (MAX_ID_LENGTH / 4) * 3 - 'Pin:a:bafkqablimvwgy3y:'.length
    const pin = (requestId: string) => ({ service: 'a', cid: { text: 'bafkqablimvwgy3y' }, requestId })
    const longest = formatPinId(pin('r'.repeat(bytesLeft)))

    expect(longest).toHaveLength(MAX_ID_LENGTH)
    expect(parsePinId(longest).requestId).toHaveLength(bytesLeft)
    expect(() => parsePinId(formatPinId(pin('r'.repeat(bytesLeft + 1))))).toThrow(BadRequestError)
  })
})
