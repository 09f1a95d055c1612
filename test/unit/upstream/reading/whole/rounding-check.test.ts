import { expect, it } from 'vitest'
import { parseCid } from '../../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../../src/domain/instant.ts'
import type { Pin } from '../../../../../src/domain/pin.ts'
import { SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { RoundingCheck } from '../../../../../src/upstream/reading/whole/rounding-check.ts'
import { exampleCid } from '../../../../support/providers/example-cid.ts'

const PIN: Pin = {
  service: 'test',
  requestId: '1',
  status: 'queued',
  cid: parseCid(exampleCid(1)),
  name: null,
  created: parseInstant('2026-01-01T00:00:00.536Z'),
  origins: [],
  meta: {},
  delegates: [],
  info: {},
  writeId: undefined,
}

/** Found at seed 50113101 of the grammar. */
it('RoundingCheck misses a pin of a status that was not asked for, where the service has listed it for the same statuses', () => {
  const isMissed = (statuses: readonly ('pinned' | 'failed')[]): boolean => {
    const check = new RoundingCheck()
    const page = { count: 1, pins: [PIN] }
    expect(check.isRounded({ statuses: ['pinned', 'failed'] }, page, true, SPECIFIED_CAPABILITIES)).toBe(false)
    const later = { statuses, after: '2026-01-01T00:00:00.535Z' }
    return check.isRounded(later, { count: 0, pins: [] }, false, SPECIFIED_CAPABILITIES)
  }
  expect(isMissed(['pinned', 'failed'])).toBe(true)
  expect(isMissed(['pinned'])).toBe(false)
})
