import { expect, it } from 'vitest'
import {
  decodeRecordedPin,
  decodeWrite,
  encodeRecordedPin,
  encodeWrite,
} from '../../../../src/upstream/writes/write-codec.ts'

const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

// Records outlive a version of pinql. In their JSON, a write's id is called `operationId`.

it('reads and writes the JSON of writes that earlier versions have recorded', () => {
  const pin = { cid: CID, name: 'new', origins: [], meta: {} }
  const replaces = { requestId: 'a', cid: CID, was: { name: 'old', meta: { a: 'b' }, operationId: 'op' } }
  const text = JSON.stringify({ pin, replaces })

  expect(decodeWrite(text).replaces?.was?.writeId).toBe('op')
  expect(encodeWrite(decodeWrite(text))).toBe(text)
})

it('reads and writes the JSON of results that earlier versions have recorded', () => {
  const pin = {
    service: 'one',
    requestId: 'a',
    status: 'queued',
    unknownStatus: 'waiting',
    cid: CID,
    name: null,
    created: '2026-01-31T12:00:00Z',
  }
  const json = { ...pin, origins: [], meta: {}, delegates: [], info: {}, operationId: 'op' }

  const decoded = decodeRecordedPin(JSON.stringify(json))
  expect(decoded.writeId).toBe('op')
  expect(JSON.parse(encodeRecordedPin(decoded))).toEqual(json)
})
