// Claim: an observer that wants no calls costs nothing, and one that gets every call at most 2 µs a call.
// node --import tsx bench/upstream/observer.ts
import type { ServiceClient } from '../../src/upstream/http/client.ts'
import type { UpstreamObserver } from '../../src/upstream/observing/upstream-observer.ts'
import { Stop } from '../../src/upstream/waiting/stop.ts'
import { createTestRegistry } from '../../test/support/upstream/create-test-registry.ts'

const CALLS = 100_000
const ROUNDS = 15
const LIMITS = [{ limit: 1e9, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const
const OBSERVERS: Readonly<Record<string, UpstreamObserver | undefined>> = {
  none: undefined,
  'services only': { onService() {} },
  'every call': { onCall() {}, onService() {} },
}

/** A service in this process that answers at once, so that the time measured is that of the call without HTTP. */
function connect(): ServiceClient {
  const unused = (): never => {
    throw new Error('only lists')
  }
  return {
    async listPins(_query, { onSent, onAnswer }) {
      onSent?.()
      onAnswer?.({ status: 200, headers: new Map(), text: '' })
      return { count: 0, pins: [] }
    },
    addPin: unused,
    getPin: unused,
    replacePin: unused,
    removePin: unused,
    async [Symbol.asyncDispose]() {},
  }
}

function start(observer: UpstreamObserver | undefined) {
  const settings = { name: 'one', endpoint: 'http://127.0.0.1:9', token: 'token', provider: null, limits: LIMITS }
  const service = createTestRegistry([settings], 'one', { connect, observer }).get('one')
  const signal = new Stop({ operationIds: ['request'] })
  return async () => {
    const startedAt = performance.now()
    for (let n = 0; n < CALLS; n++) {
      await service.call({
        tenantKey: 'alice',
        token: 'token',
        endpoint: 'list',
        class: 'interactive',
        isRepeatable: true,
        signal,
        send: (client, options) => client.listPins({ statuses: ['pinned'], limit: 1 }, options),
      })
    }
    return ((performance.now() - startedAt) * 1000) / CALLS
  }
}

const best = new Map<string, number>()
const runs = Object.entries(OBSERVERS).map(([name, observer]) => ({ name, run: start(observer) }))
for (let round = 0; round < ROUNDS; round++) {
  // In turns, so that another load on the machine meets all.
  for (const { name, run } of runs) best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, await run()))
}
for (const [name, us] of best) process.stdout.write(`${name.padEnd(14)} ${us.toFixed(2)} µs a call\n`)
const [none = 0, services = 0, calls = 0] = best.values()
process.exitCode = services - none < 0.5 && calls - none < 2 ? 0 : 1
