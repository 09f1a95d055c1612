import { expect, it } from 'vitest'
import type { Pin } from '../../../src/domain/pin.ts'
import type { LoggedEvent } from '../../../src/live/telling/event-log.ts'
import { MemoryEventLog } from '../../../src/live/telling/memory-event-log.ts'
import { examplePin } from '../../support/upstream/lookup-harness.ts'

it('knows no event once it is disposed', () => {
  const log = new MemoryEventLog()
  const entry: LoggedEvent = {
    event: { service: 'one', cursor: '', seq: 1, observedAt: 0, kind: 'REMOVED', requestId: 'r', cid: 'bafy' },
    previous: null,
  }
  log.append(entry)
  expect(log.since(0)).toEqual([entry])
  log[Symbol.dispose]()
  expect(log.since(0)).toBeNull()
})

it('keeps the last events within 16 MB, whatever the size of their pins', () => {
  const log = new MemoryEventLog()
  const event = (seq: number, meta: Pin['meta']): LoggedEvent => ({
    event: { service: 'one', cursor: '', seq, observedAt: 0, kind: 'ADDED', pin: { ...examplePin(seq), meta } },
    previous: null,
  })
  for (let seq = 1; seq <= 100; seq++) log.append(event(seq, { text: `${seq}`.repeat(1_000_000 / `${seq}`.length) }))
  const kept = Array.from({ length: 100 }, (_, index) => 100 - index).filter((seq) => log.since(seq) !== null)

  expect(kept.length).toBeGreaterThan(6)
  expect(kept.length).toBeLessThan(18)
  expect(log.since(98)?.map((each) => each.event.seq)).toEqual([99, 100])
  expect(log.since(50)).toBeNull()

  log.append(event(101, { text: 'x'.repeat(20_000_000) }))
  expect(log.since(100)).toBeNull()
  log.append(event(102, {}))
  expect(log.since(101)?.map((each) => each.event.seq)).toEqual([102])
})
