import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin, PinStatus, StringMap } from '../../../src/domain/pin.ts'
import { failureReasonOf, progressOf } from '../../../src/domain/pin-progress.ts'

function pinWith(info: StringMap, status: PinStatus = 'pinning'): Pin {
  const cid = { text: 'bafkqaaa', key: 'k' }
  const created = parseInstant('2026-01-01T00:00:00Z')
  return { service: 's', requestId: 'r', status, cid, name: null, created, origins: [], meta: {}, delegates: [], info }
}

describe('progressOf', () => {
  it('is null where the service tells nothing of it', () => {
    expect(progressOf(pinWith({}))).toBeNull()
    expect(progressOf(pinWith({ pinata_pinjob_status: 'searching' }))).toBeNull()
  })

  it('takes no notice of a size of 0, which Filebase gives for everything', () => {
    expect(progressOf(pinWith({ size: '0' }))).toBeNull()
  })

  it('adds up what filecoin-pin tells', () => {
    const info = { blocks_written: '30', missing_blocks: '10', total_size: '4096' }
    expect(progressOf(pinWith(info))).toEqual({
      blocks: 30,
      bytes: null,
      totalBlocks: 40,
      totalBytes: 4096,
      percent: 75,
    })
  })

  it('never exceeds 100 percent, and is 100 once pinned', () => {
    expect(progressOf(pinWith({ bytes_fetched: '5000', dag_size: '4096' }))?.percent).toBe(100)
    expect(progressOf(pinWith({ dag_size: '4096' }, 'pinned'))?.percent).toBe(100)
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
