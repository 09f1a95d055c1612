import { expect, it } from 'vitest'
import { UnchangedPinError } from '../../../../src/domain/change-errors.ts'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import type { Pin } from '../../../../src/domain/pin.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../src/upstream/providers/capabilities.ts'
import { MemoryWriteRecords } from '../../../../src/upstream/writes/memory-write-records.ts'
import { WriteAttempt } from '../../../../src/upstream/writes/write-attempt.ts'
import type { WriteRecord } from '../../../../src/upstream/writes/write-records.ts'
import type { WriteRequests } from '../../../../src/upstream/writes/write-requests.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { EPOCH_MS, VirtualClock } from '../../../support/virtual-clock.ts'

const CID = parseCid(exampleCid(1))
const RECORD: WriteRecord = {
  tenantKey: 'alice',
  key: 'key',
  fingerprint: 'fingerprint',
  writeId: 'f'.repeat(32),
  startedAt: EPOCH_MS,
  state: 'pending',
  write: {
    pin: { cid: CID, name: 'new', origins: [], meta: { a: 'b' } },
    replaces: { requestId: 'old', cid: exampleCid(2), was: { name: 'old', meta: {}, writeId: undefined } },
  },
  before: null,
  result: null,
  sweepId: null,
}
/** A pin of somebody else, with which some services answer. */
const OTHER: Pin = {
  service: 'test',
  requestId: 'other',
  status: 'pinned',
  cid: CID,
  name: 'new',
  created: parseInstant('2026-01-01T00:00:01Z'),
  origins: [],
  meta: {},
  delegates: [],
  info: {},
  writeId: undefined,
}

it('WriteAttempt judges the answer to a replacement by what was known of `meta` before it was sent', async () => {
  const removed: string[] = []
  const service: { capabilities: Capabilities } = {
    capabilities: { ...SPECIFIED_CAPABILITIES, keepsMeta: true, replace: 'add-then-remove' },
  }
  const requests = {
    clock: new VirtualClock(),
    timeoutMs: 10_000,
    serviceName: 'test',
    get capabilities() {
      return service.capabilities
    },
    async post() {
      service.capabilities = { ...service.capabilities, keepsMeta: false }
      return OTHER
    },
    getPin: async () => OTHER,
    async removePin(requestId: string) {
      removed.push(requestId)
    },
  } as unknown as WriteRequests
  const attempt = new WriteAttempt(
    requests,
    new MemoryWriteRecords(() => EPOCH_MS),
    RECORD,
    new AbortController().signal,
  )
  await expect(attempt.perform()).rejects.toBeInstanceOf(UnchangedPinError)
  expect(removed).toEqual([])
  expect(attempt.sweepId).toBe(null)
})
