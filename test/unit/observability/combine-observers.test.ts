import { expect, it } from 'vitest'
import { combineObservers } from '../../../src/observability/combine-observers.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import type { ServiceEvent, UpstreamCall, UpstreamObserver } from '../../../src/upstream/observing/upstream-observer.ts'

const CALL = { service: 'one' } as UpstreamCall
const EVENT = { service: 'one', state: 'down' } as ServiceEvent

function start(...observers: UpstreamObserver[]) {
  const logged: string[] = []
  const log = createLogger({ level: 'error', secrets: [], sink: { write: (line) => void logged.push(line) } })
  return { observer: combineObservers(observers, log), logged }
}

it('gives each event to all observers, as methods', () => {
  class Counter implements UpstreamObserver {
    count = 0
    onCall(): void {
      this.count++
    }
  }
  const counters = [new Counter(), new Counter()]
  const { observer } = start(...counters)
  observer.onCall?.(CALL)
  expect(counters.map(({ count }) => count)).toEqual([1, 1])
})

it('wants only the events that one of the observers wants', () => {
  expect(start({}, {}).observer).toEqual({})
  expect(Object.keys(start({}, { onService() {} }).observer)).toEqual(['onService'])
})

it('lets no observer harm another one, and logs its first error only', async () => {
  const seen: string[] = []
  const { observer, logged } = start(
    {
      onCall() {
        throw new Error('of calls')
      },
      onService() {
        throw new Error('of services')
      },
    },
    {
      async onCall() {
        await Promise.reject(new Error('later'))
      },
    },
    { onCall: () => void seen.push('call'), onService: () => void seen.push('service') },
  )
  observer.onCall?.(CALL)
  observer.onService?.(EVENT)
  observer.onCall?.(CALL)
  // A rejection that nobody takes would end the process.
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual(['call', 'service', 'call'])
  expect(logged.map((line) => JSON.parse(line).err.message)).toEqual(['of calls', 'later'])
})
