import { expect, it } from 'vitest'
import { Informers } from '../../../src/live/informers.ts'
import { MemoryEventLog } from '../../../src/live/telling/memory-event-log.ts'
import { createMemoryBudget } from '../../../src/upstream/budget/create-memory-budget.ts'
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
