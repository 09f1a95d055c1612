import { expect, it } from 'vitest'
import { Informers } from '../../../src/live/informers.ts'
import { MemoryEventLog } from '../../../src/live/telling/memory-event-log.ts'
import { createMemoryBudget } from '../../../src/upstream/budget/create-memory-budget.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { ModelService } from '../../support/model/model-service.ts'
import { query, record } from '../../support/model/start-model-live.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

it('uses the injected budget and event log, and passes them the keys of tenants', async () => {
  const clock = new VirtualClock()
  const upstream = new ModelService({ clock })
  const budgets: unknown[] = []
  const asked = new Set<string>()
  const logged: string[] = []
  const settings = { name: 'model', endpoint: 'http://model.invalid', token: null, provider: null }
  await using registry = createTestRegistry([settings], 'model', {
    clock,
    connect: upstream.connect,
    createBudget(options) {
      budgets.push([options.sharedKey, options.serviceName])
      const budget = createMemoryBudget(options)
      const { acquire } = budget
      return Object.assign(budget, {
        acquire(...args: Parameters<typeof acquire>) {
          asked.add(args[0].tenantKey)
          return acquire.apply(budget, args)
        },
      })
    },
  })
  using live = new Informers({
    createEventLog(tenant) {
      const log = new MemoryEventLog()
      return {
        append(entry) {
          logged.push(`${tenant} ${entry.event.kind}`)
          log.append(entry)
        },
        since: (seq) => log.since(seq),
        [Symbol.dispose]: () => log[Symbol.dispose](),
      }
    },
  })
  const tenant = registry.tenant('model', 'a')
  const told = record(live.watch([{ tenant, service: registry.get('model'), selection: query() }]))
  await clock.advance(1_000)
  upstream.add('a')
  await clock.advance(120_000)

  expect(told.events.map(({ kind }) => kind)).toEqual(['CAUGHT_UP', 'ADDED'])
  expect(budgets).toEqual([['host model.invalid', 'model']])
  expect([...asked]).toEqual([tenant.key])
  expect(logged).toEqual([`${tenant.key} ADDED`])
})

it('disposes an event log 30 s after the last subscriber has left, or when all ends, and appends nothing after that', async () => {
  const clock = new VirtualClock()
  const upstream = new ModelService({ clock })
  const settings = { name: 'model', endpoint: 'http://model.invalid', token: null, provider: null }
  await using registry = createTestRegistry([settings], 'model', { clock, connect: upstream.connect })
  const [a, b] = ['a', 'b'].map((token) => registry.tenant('model', token)) as [Tenant, Tenant]
  const told: unknown[] = []
  using live = new Informers({
    createEventLog: (tenantKey) => ({
      append: ({ event }) => void told.push([tenantKey, event.kind]),
      since: () => null,
      [Symbol.dispose]: () => void told.push([tenantKey, 'disposed']),
    }),
  })
  const service = registry.get('model')
  const [ofA] = [a, b].map((tenant) => live.watch([{ tenant, service, selection: query() }]))
  await clock.advance(1_000)
  await ofA?.return()
  await clock.advance(29_000)
  expect(told).toEqual([])
  await clock.advance(2_000)
  expect(told).toEqual([[a.key, 'disposed']])

  // An answer that is on its way when all ends.
  upstream.add('b')
  upstream.fate = () => ({ beforeMs: 10 })
  const read = b.reads.listPins({ statuses: ['queued'], limit: 10 })
  await clock.advance(0)
  live[Symbol.dispose]()
  await clock.advance(60_000)
  expect((await read).pins).toHaveLength(1)
  expect(told).toEqual([
    [a.key, 'disposed'],
    [b.key, 'disposed'],
  ])
})
