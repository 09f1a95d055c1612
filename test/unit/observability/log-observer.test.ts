import { expect, it } from 'vitest'
import { createLogObserver } from '../../../src/observability/log-observer.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import type { ServiceEvent, UpstreamCall } from '../../../src/upstream/observing/upstream-observer.ts'

const CALL: UpstreamCall = {
  service: 'one',
  endpoint: 'list',
  class: 'interactive',
  attempt: 1,
  requestIds: ['r1'],
  waitedMs: 1.4,
  tookMs: 20.6,
  status: 200,
  refusal: null,
  error: null,
}
const EVENT: ServiceEvent = {
  service: 'one',
  state: 'up',
  reason: 'one answers again, after 4 s',
  tokenFrom: null,
  pausedMs: null,
  repeats: 0,
}

function start(level: string) {
  const lines: unknown[] = []
  const sink = { write: (line: string) => void lines.push({ ...JSON.parse(line), time: '' }) }
  return { lines, observer: createLogObserver(createLogger({ level, secrets: [], sink })) }
}

it('writes each request at the level debug', () => {
  const { lines, observer } = start('debug')
  observer.onCall?.(CALL)
  observer.onCall?.({ ...CALL, status: null, error: { code: 'SERVICE_UNAVAILABLE', cause: 'ECONNREFUSED' } })
  const { refusal: _, error: __, ...fields } = CALL
  const line = { time: '', level: 'debug', msg: 'upstream request', ...fields, waitedMs: 1, tookMs: 21 }
  const { status: ___, ...failed } = line
  expect(lines).toEqual([line, { ...failed, error: { code: 'SERVICE_UNAVAILABLE', cause: 'ECONNREFUSED' } }])
})

it('cuts long lists of request ids, and says how many there were', () => {
  const { lines, observer } = start('debug')
  observer.onCall?.({ ...CALL, requestIds: Array.from({ length: 1000 }, (_, n) => `r${n}`) })
  expect(lines).toMatchObject([{ requestIds: Array.from({ length: 20 }, (_, n) => `r${n}`), moreRequestIds: 980 }])
})

it('wants to know of no request at other levels', () => {
  for (const level of ['info', 'warn', 'silent']) expect(start(level).observer.onCall).toBeUndefined()
})

it('writes that a service is back as info, and all other states as warnings', () => {
  const { lines, observer } = start('info')
  observer.onService?.(EVENT)
  for (const state of ['partlyDown', 'down'] as const) observer.onService?.({ ...EVENT, state })
  observer.onService?.({ ...EVENT, state: 'paused', tokenFrom: 'caller', pausedMs: 7000, repeats: 3 })
  observer.onService?.({ ...EVENT, state: 'refusingToken', tokenFrom: 'configuration' })
  const line = { time: '', msg: EVENT.reason, service: 'one' }
  expect(lines).toEqual([
    { ...line, level: 'info', state: 'up' },
    { ...line, level: 'warn', state: 'partlyDown' },
    { ...line, level: 'warn', state: 'down' },
    { ...line, level: 'warn', state: 'paused', tokenFrom: 'caller', pausedMs: 7000, repeats: 3 },
    { ...line, level: 'warn', state: 'refusingToken', tokenFrom: 'configuration' },
  ])
})
