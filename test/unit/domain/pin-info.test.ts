import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin, type PinStatus, type StringMap } from '../../../src/domain/pin.ts'
import { expiresAtOf, failureReasonOf, progressOf, sizeOf } from '../../../src/domain/pin-info.ts'

function pinWith(info: StringMap, status: PinStatus = 'pinning'): Pin {
  const cid = { text: 'bafkqaaa', key: 'k' }
  const created = parseInstant('2026-01-01T00:00:00Z')
  return { service: 's', requestId: 'r', status, cid, name: null, created, origins: [], meta: {}, delegates: [], info }
}

/** All keys that any service is known to use, and any other. */
const KEYS = [
  ...['blocks_fetched', 'blocks_written', 'blocks', 'bytes_fetched', 'size_fetched', 'missing_blocks'],
  ...['dag_blocks', 'blocks_total', 'total_blocks', 'dag_size', 'total_size', 'size', 'bytes_expected'],
  ...['percent', 'progress', 'pinned_until', 'pinnedUntil', 'expires_at', 'expiresAt', 'expire_at', 'expireAt'],
  ...['expiry', 'expires', 'status_details', 'failed_reason', 'failed_message', 'error', 'pinata_pinjob_status'],
]
const HUGE = ['1e308', '1.7976931348623157e308', '1e400', '5e-324', '9007199254740993', '2147483648']
const ODD = ['', ' ', '0', '-1', '+1', '0x10', '1_000', '1,5', '50%', '%', 'NaN', 'Infinity', '-Infinity', 'null', '١٢']
const anyInfo = fc.dictionary(
  fc.oneof({ arbitrary: fc.constantFrom(...KEYS), weight: 9 }, { arbitrary: fc.string(), weight: 1 }),
  fc.oneof(fc.constantFrom(...HUGE, ...ODD), fc.double().map(String), fc.nat().map(String), fc.string(), anyDate()),
)

function anyDate() {
  return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
}

describe('progressOf', () => {
  it('is null where the service reports nothing of it', () => {
    expect(progressOf(pinWith({}))).toBeNull()
    expect(progressOf(pinWith({ pinata_pinjob_status: 'searching' }))).toBeNull()
    expect(progressOf(pinWith({ source: 'IPFS cluster API', warning1: '' }, 'pinned'))).toBeNull()
  })

  it('takes no notice of a size of 0, which Filebase and 4EVERLAND give for everything', () => {
    expect(progressOf(pinWith({ size: '0' }))).toBeNull()
    expect(progressOf(pinWith({ dag_size: '0' }, 'pinned'))).toBeNull()
  })

  it('shows the share of the claimed size while pinql’s own service fetches', () => {
    const info = {
      status_details: 'Fetching blocks',
      blocks_fetched: '3',
      bytes_fetched: '250',
      bytes_expected: '1000',
    }
    expect(progressOf(pinWith(info))).toEqual({
      blocks: 3,
      bytes: 250,
      totalBlocks: null,
      totalBytes: null,
      percent: 25,
    })
    const begun = { blocks_fetched: '0', bytes_fetched: '0', bytes_expected: '1000' }
    expect(progressOf(pinWith(begun))).toMatchObject({ blocks: 0, bytes: 0, percent: 0 })
  })

  it('shows what was fetched and no share where the size is not claimed', () => {
    expect(progressOf(pinWith({ blocks_fetched: '3', bytes_fetched: '250' }))).toEqual({
      blocks: 3,
      bytes: 250,
      totalBlocks: null,
      totalBytes: null,
      percent: null,
    })
    // Kubo reports the number of blocks only.
    expect(progressOf(pinWith({ blocks_fetched: '3' }))).toMatchObject({ blocks: 3, bytes: null, percent: null })
  })

  it('shows all blocks and bytes once pinql’s own service has pinned', () => {
    const info = { status_details: 'All blocks are stored', dag_size: '1200', dag_blocks: '4' }
    const all = { blocks: 4, bytes: 1200, totalBlocks: 4, totalBytes: 1200, percent: 100 }
    expect(progressOf(pinWith(info, 'pinned'))).toEqual(all)
    // Less was fetched than there is, where blocks were there before.
    const fetched = { ...info, blocks_fetched: '1', bytes_fetched: '10', bytes_expected: '1100' }
    expect(progressOf(pinWith(fetched, 'pinned'))).toEqual(all)
  })

  it('shows what had been fetched of a pin that failed', () => {
    const info = { status_details: 'No block arrived for 30 s', blocks_fetched: '3', bytes_fetched: '250' }
    expect(progressOf(pinWith(info, 'failed'))).toMatchObject({ blocks: 3, bytes: 250, percent: null })
  })

  it('adds up what filecoin-pin reports, and believes it where it lacks blocks of a pin that it calls pinned', () => {
    const info = { blocks_written: '30', missing_blocks: '10', total_size: '4096' }
    const progress = { blocks: 30, bytes: null, totalBlocks: 40, totalBytes: 4096, percent: 75 }
    expect(progressOf(pinWith(info))).toEqual(progress)
    expect(progressOf(pinWith(info, 'pinned'))).toMatchObject({ blocks: 30, totalBlocks: 40 })
  })

  it('shows all blocks of a pin that lacks 0, even if fewer were fetched', () => {
    const info = { missing_blocks: '0', dag_blocks: '10', blocks_fetched: '3' }
    const all = { blocks: 10, bytes: null, totalBlocks: 10, totalBytes: null, percent: 100 }
    expect(progressOf(pinWith(info, 'pinned'))).toEqual(all)
  })

  it.each([
    [
      { blocks: '1', total_blocks: '4' },
      { blocks: 1, totalBlocks: 4, percent: 25 },
    ],
    [
      { blocks: '1', blocks_total: '4' },
      { blocks: 1, totalBlocks: 4, percent: 25 },
    ],
    [
      { size_fetched: '1', total_size: '3' },
      { bytes: 1, totalBytes: 3, percent: 33.3 },
    ],
    [{ size: '4096' }, { bytes: null, totalBytes: 4096, percent: null }],
    [{ percent: '12.5' }, { percent: 12.5 }],
    [{ progress: ' 80% ' }, { percent: 80 }],
    // The service's own percentage is preferred.
    [{ percent: '10', bytes_fetched: '50', dag_size: '100' }, { percent: 10 }],
  ])('reads the keys of other services: %j', (info, progress) => {
    expect(progressOf(pinWith(info))).toMatchObject(progress)
  })

  it('shows no sum and no share that a number cannot hold', () => {
    const info = { blocks_written: '1e308', missing_blocks: '1e308' }
    expect(progressOf(pinWith(info))).toMatchObject({ blocks: 1e308, totalBlocks: null, percent: null })
  })

  it('never exceeds 100 percent, and is 100 once pinned', () => {
    expect(progressOf(pinWith({ bytes_fetched: '5000', dag_size: '4096' }))?.percent).toBe(100)
    expect(progressOf(pinWith({ bytes_fetched: '5000', bytes_expected: '4096' }))?.percent).toBe(100)
    expect(progressOf(pinWith({ percent: '250' }))?.percent).toBe(100)
    expect(progressOf(pinWith({ dag_size: '4096' }, 'pinned'))?.percent).toBe(100)
    expect(progressOf(pinWith({ percent: '40' }, 'pinned'))?.percent).toBe(100)
  })
})

describe('sizeOf', () => {
  it.each([{ dag_size: '4096' }, { total_size: '4096' }, { size: '4096' }, { size: '1', dag_size: '4096' }])(
    'reads %j',
    (info) => {
      expect(sizeOf(pinWith(info, 'pinned'))).toBe(4096)
    },
  )

  it('skips a size of 0 for one that is known', () => {
    expect(sizeOf(pinWith({ dag_size: '0', size: '4096' }))).toBe(4096)
  })

  it.each([{}, { size: '0' }, { size: '-1' }, { size: 'big' }, { bytes_expected: '4096' }, { bytes_fetched: '4096' }])(
    'is null for %j, which has no trustworthy size',
    (info) => {
      expect(sizeOf(pinWith(info, 'pinned'))).toBeNull()
    },
  )
})

describe('expiresAtOf', () => {
  const KEY_TIME = '2027-03-01T12:00:00+02:00'

  it.each(['pinned_until', 'pinnedUntil', 'expires_at', 'expiresAt', 'expire_at', 'expireAt', 'expiry', 'expires'])(
    'gives the text of %s as it is',
    (key) => {
      expect(expiresAtOf(pinWith({ [key]: KEY_TIME }, 'pinned'))).toBe(KEY_TIME)
    },
  )

  it.each([
    ['1800000000', '2027-01-15T08:00:00.000Z'],
    ['1800000000.5', '2027-01-15T08:00:00.500Z'],
    ['1800000000500', '2027-01-15T08:00:00.500Z'],
    [' 2027-01-15T08:00:00.123456789Z ', '2027-01-15T08:00:00.123456789Z'],
  ])('reads %j', (text, instant) => {
    expect(expiresAtOf(pinWith({ pinned_until: text }))).toBe(instant)
  })

  it.each([
    ['2027-01-15', '2027-01-15T00:00:00Z'],
    ['2027-01-15 06:30:00', '2027-01-15T06:30:00Z'],
    ['2027-01-15T06:30:00.5', '2027-01-15T06:30:00.5Z'],
  ])('takes a time without a zone for UTC: %j', (text, expected) => {
    expect(expiresAtOf(pinWith({ pinned_until: text }))).toBe(expected)
  })

  it.each([
    '',
    ' ',
    '0',
    '-1',
    'never',
    '1e30',
    '99999999999999999999',
    // Go's and Unix' zero times.
    '0001-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '2027-02-30T00:00:00Z',
    '2027-02-30',
    '2027-01-15 25:00:00',
    '24h',
    '1800000000 s',
  ])('is null for %j', (text) => {
    expect(expiresAtOf(pinWith({ pinned_until: text }))).toBeNull()
  })

  it('takes the first key with an instant', () => {
    expect(expiresAtOf(pinWith({ pinned_until: 'never', expires: KEY_TIME, expiry: '0' }))).toBe(KEY_TIME)
    expect(expiresAtOf(pinWith({ pinned_until: '0001-01-01T00:00:00Z' }))).toBeNull()
  })
})

describe('failureReasonOf', () => {
  it('finds the reason under the key each service uses', () => {
    expect(failureReasonOf(pinWith({ status_details: 'DAG too big' }, 'failed'))).toBe('DAG too big')
    expect(failureReasonOf(pinWith({ failed_reason: '', failed_message: 'timeout' }, 'failed'))).toBe('timeout')
    expect(failureReasonOf(pinWith({ pinata_pinjob_status: 'expired' }, 'failed'))).toBe('expired')
  })

  it('is null for a pin that did not fail, or whose service gives no reason', () => {
    expect(failureReasonOf(pinWith({ status_details: 'queue position 3' }, 'queued'))).toBeNull()
    expect(failureReasonOf(pinWith({}, 'failed'))).toBeNull()
  })
})

it('whatever a service writes into info: percent stays in 0 to 100, amounts are finite, instants can be read', () => {
  const isAmount = (value: number | null): boolean => value === null || (Number.isFinite(value) && value >= 0)
  fc.assert(
    fc.property(anyInfo, fc.constantFrom(...PIN_STATUSES), (info, status) => {
      const pin = pinWith(info, status)
      const { percent, ...amounts } = progressOf(pin) ?? { percent: null }
      expect(isAmount(percent) && (percent ?? 0) <= 100, `percent ${percent}`).toBe(true)
      expect(Object.values(amounts).filter((value) => !isAmount(value))).toEqual([])
      expect(isAmount(sizeOf(pin)) && sizeOf(pin) !== 0).toBe(true)
      const expiry = expiresAtOf(pin)
      if (expiry !== null) expect(parseInstant(expiry).ns).toBeGreaterThan(0n)
      failureReasonOf(pin)
    }),
    { numRuns: 1000 },
  )
})
