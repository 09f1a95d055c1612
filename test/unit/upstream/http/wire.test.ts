import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { MalformedResponseError } from '../../../../src/domain/errors.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import { formatCursor, parseCursor } from '../../../../src/domain/pin-cursor.ts'
import { formatPinId, parsePinId } from '../../../../src/domain/pin-id.ts'
import { encodeNewPin, parsePinPage, parseReportedPin } from '../../../../src/upstream/http/wire.ts'

const cid = 'bafkqablimvwgy3y'
const least = { requestid: 'r1', status: 'pinned', created: '2026-01-31T12:00:00Z', pin: { cid } }
const parse = (wire: unknown) => parseReportedPin('one', JSON.stringify(wire))

describe('decoding a pin', () => {
  it('reads missing and null fields as empty, and drops unknown fields', () => {
    const expected = {
      service: 'one',
      requestId: 'r1',
      status: 'pinned',
      cid: parseCid(cid),
      name: null,
      created: parseInstant('2026-01-31T12:00:00Z'),
      origins: [],
      meta: {},
      delegates: [],
      info: {},
    }
    const nulls = { ...least, pin: { cid, name: null, origins: null, meta: null }, delegates: null, info: null }

    expect(parse(least)).toEqual(expected)
    expect(parse({ ...nulls, extra: 1, pin: { ...nulls.pin, extra: 2 } })).toEqual(expected)
    expect(parse({ ...least, pin: { cid, name: '' } })).toEqual(expected)
  })

  it.each(['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123456789Z', '2026-01-31T12:00:00.1+05:30'])(
    'keeps the time as it came: %s',
    (created) => {
      expect(parse({ ...least, created }).created).toEqual(parseInstant(created))
    },
  )

  it('shows values of info and meta that are no text as JSON', () => {
    const info = { size: 7, done: true, parts: [1], nothing: null, text: 'x' }

    expect(parse({ ...least, info }).info).toEqual({ size: '7', done: 'true', parts: '[1]', text: 'x' })
    expect(parse({ ...least, pin: { cid, meta: { n: 1 } } }).meta).toEqual({ n: '1' })
  })

  it('reads no pin whose id or cursor pinql could not read again', () => {
    const pin = parse({ ...least, requestid: 'é'.repeat(300) })

    expect(parsePinId(formatPinId(pin)).requestId).toBe(pin.requestId)
    expect(parseCursor(formatCursor(pin)).requestId).toBe(pin.requestId)
    expect(() => parse({ ...least, requestid: 'é'.repeat(400) })).toThrow(MalformedResponseError)
    const page = { count: 2, results: [least, { ...least, requestid: 'r'.repeat(700) }] }
    expect(parsePinPage('one', JSON.stringify(page)).leftOut).toMatchObject([
      { reason: expect.stringMatching(/shorter/) },
    ])
  })

  it.each([100, 6_000])('leaves out a record that is nested %i levels too deep to be shown, and no other', (levels) => {
    const arrays = '['.repeat(levels + 100) + ']'.repeat(levels + 100)
    const deep = JSON.stringify({ ...least, info: { a: 0 } }).replace('"a":0', `"a":${arrays}`)
    const withoutId = JSON.stringify({ ...least, requestid: 0 }).replace('"requestid":0', `"requestid":${arrays}`)
    const usual = JSON.stringify({ ...least, requestid: 'usual' })
    const page = parsePinPage('one', `{"count":3,"results":[${deep},${withoutId},${usual}]}`)

    expect(page.pins.map(({ requestId }) => requestId)).toEqual(['usual'])
    expect(page.leftOut).toMatchObject([
      { reason: expect.stringMatching(/^info: .*nested/) },
      { reason: expect.stringMatching(/^requestid: /) },
    ])
    expect(() => parseReportedPin('one', deep)).toThrow(MalformedResponseError)
  })

  it.each([
    ['Pinned', 'pinned'],
    ['QUEUED', 'queued'],
    ['unpinned', 'failed'],
    ['pin_error', 'failed'],
    ['PinError', 'failed'],
    ['PinQueued', 'queued'],
    ['remote', 'queued'],
    ['constructor', 'queued'],
    ['undefined', 'queued'],
  ])('reads the status %s as %s', (given, status) => {
    expect(parse({ ...least, status: given }).status).toBe(status)
  })

  it('keeps the word for a status that it does not know', () => {
    expect(parse({ ...least, status: 'archived' })).toEqual({
      ...parse(least),
      status: 'queued',
      unknownStatus: 'archived',
    })
    expect(parse({ ...least, status: 'PinError' }).unknownStatus).toBeUndefined()
  })

  it('reads a time whose offset has no colon, and shows it in RFC 3339', () => {
    expect(parse({ ...least, created: '2026-01-31T12:00:00.5+0000' }).created.text).toBe('2026-01-31T12:00:00.5+00:00')
    expect(parse({ ...least, created: '2026-01-31T12:00:00-0530' }).created.text).toBe('2026-01-31T12:00:00-05:30')
  })

  it('drops optional parts of another type than expected, and keeps the pin', () => {
    expect(
      parse({ ...least, pin: { cid, name: 5, origins: [null, '/ip4/1.2.3.4', 7] }, delegates: '/dnsaddr/x' }),
    ).toEqual({ ...parse(least), origins: ['/ip4/1.2.3.4'] })
    expect(parse({ ...least, pin: { cid, origins: {}, meta: 'x' }, delegates: [{}], info: [] })).toEqual(parse(least))
  })

  it('takes a numeric id, and one that is spelt requestId', () => {
    expect(parse({ ...least, requestid: 12 }).requestId).toBe('12')
    expect(parse({ ...least, requestid: undefined, requestId: 'r2' }).requestId).toBe('r2')
  })

  it.each([
    [
      'no JSON',
      '<html>',
      /^one was expected to answer with a pin, but answered with an HTML page: check its endpoint$/,
    ],
    ['plain text', 'OK', /with a pin, but answered with something that is not JSON$/],
    ['no object', '[]', /^one answered with no valid pin: the answer: /],
    ['no CID', JSON.stringify({ ...least, pin: {} }), /^one answered with no valid pin: pin\.cid: /],
    [
      'a wrong CID',
      JSON.stringify({ ...least, pin: { cid: 'x' } }),
      /: pin\.cid: cid: expected a CID such as .*, got "x"$/,
    ],
    ['no time', JSON.stringify({ ...least, created: undefined }), /: created: /],
    ['an id that JavaScript rounds', JSON.stringify({ ...least, requestid: 2 ** 60 }), /: requestid: /],
    ['an empty id', JSON.stringify({ ...least, requestid: '' }), /: requestid: /],
  ])('refuses %s', (_what, body, message) => {
    expect(() => parseReportedPin('one', body)).toThrow(MalformedResponseError)
    expect(() => parseReportedPin('one', body)).toThrow(message)
  })
})

describe('a name that is the CID', () => {
  const named = JSON.stringify({ ...least, pin: { cid, name: cid } })

  it('is no name where the service makes such names up, and one elsewhere', () => {
    expect(parseReportedPin('one', named, { namesPinsByCid: true }).name).toBeNull()
    expect(parseReportedPin('one', named).name).toBe(cid)
  })
})

describe('decoding a page', () => {
  it('takes no results, and no count', () => {
    expect(parsePinPage('one', '{"count":0,"results":null}')).toEqual({ count: 0, pins: [] })
    expect(parsePinPage('one', '{"results":[]}')).toEqual({ count: null, pins: [] })
    expect(parsePinPage('one', '{"count":0,"results":{}}')).toEqual({ count: null, pins: [] })
    expect(parsePinPage('one', '{"count":-1,"results":[]}')).toEqual({ count: null, pins: [] })
  })

  it.each(['{}', '{"count":0}', '{"ok":true}', '[]', 'null'])('does not take %s for an empty account', (body) => {
    expect(() => parsePinPage('one', body)).toThrow(MalformedResponseError)
  })

  it.each([
    ['empty ids', [1, 2, 3].map((n) => `{"requestid":"","created":"2026-01-31T12:00:0${n}Z"}`)],
    ['ids too large for JavaScript', [1, 2, 3].map((n) => `{"requestid":9007199254740993${n},"created":"${n}"}`)],
    ['equal text', ['null', 'null', '{"requestid":"a"}']],
  ])('counts each record with %s', (_what, records) => {
    const { leftOut } = parsePinPage('one', `{"count":4,"results":[${[JSON.stringify(least), ...records].join()}]}`)
    expect(new Set(leftOut?.map(({ key }) => key)).size).toBe(3)
  })

  it.each([
    ['no zone', { created: '2026-01-31T12:00:00' }, 'created: expected an RFC 3339 timestamp'],
    ['an empty CID', { pin: { cid: '' } }, 'pin.cid: cid: expected a CID such as'],
    ['a status that is no text', { status: 5 }, 'status: Invalid input: expected string, received number'],
    ['an unknown status', { status: 'expired' }, 'status: expected queued, pinning, pinned, failed, got "expired"'],
    ['no pin', { pin: undefined }, 'pin: Invalid input: expected object, received undefined'],
    ['no request id', { requestid: undefined }, 'requestid: expected a requestid'],
  ])('leaves out a record with %s, and says why', (_what, part, reason) => {
    const { count, pins, leftOut } = parsePinPage(
      'one',
      JSON.stringify({ count: 3, results: [least, { ...least, ...part }, { ...least, requestid: 'r3' }] }),
    )

    expect([count, pins.map(({ requestId }) => requestId)]).toEqual([3, ['r1', 'r3']])
    expect(leftOut).toEqual([
      { key: expect.any(String), cidKey: 'pin' in part ? null : parseCid(cid).key, reason: expect.any(String) },
    ])
    expect(leftOut?.[0]?.reason.startsWith(reason)).toBe(true)
  })

  it('leaves out null, text and lists among the records', () => {
    expect(parsePinPage('one', JSON.stringify({ results: [null, 'x', [], least] })).leftOut).toHaveLength(3)
  })

  it('refuses the list of another API, none of whose records has an id or a pin', () => {
    const body = JSON.stringify({ count: 1, results: [{ id: 'x', cid, created_at: '2026-01-31' }] })

    expect(() => parsePinPage('one', body)).toThrow(
      /^one answered with no valid list of pins: results\.0\.requestid: expected a requestid$/,
    )
  })

  it('leaves out such records where the endpoint has listed valid pins before', () => {
    const body = JSON.stringify({ count: 2, results: [null, 'gone'] })

    const { pins, leftOut } = parsePinPage('one', body, { hasListedPins: true })

    expect(pins).toEqual([])
    expect(leftOut).toHaveLength(2)
    expect(() => parsePinPage('one', body)).toThrow(/^one answered with no valid list of pins: results\.0: /)
  })
})

describe('encoding a pin', () => {
  it('sends what there is, and no more', () => {
    const bare = { cid: parseCid(cid), name: null, origins: [], meta: {} }

    expect(encodeNewPin(bare)).toEqual({ cid })
    expect(encodeNewPin({ ...bare, name: '', origins: ['/a'], meta: { a: 'b' } })).toEqual({
      cid,
      name: '',
      origins: ['/a'],
      meta: { a: 'b' },
    })
  })
})
