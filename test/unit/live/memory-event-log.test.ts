import { expect, it } from 'vitest'
import type { LoggedEvent } from '../../../src/live/telling/event-log.ts'
import { MemoryEventLog } from '../../../src/live/telling/memory-event-log.ts'

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
