import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { createContext } from '../../../src/resolvers/context.ts'
import { rateBudgets } from '../../../src/resolvers/rate-budget.ts'
import { allServices, findService, serviceCapabilities, serviceOf } from '../../../src/resolvers/service.ts'
import { serviceHealth } from '../../../src/resolvers/service-health.ts'
import { createInformers } from '../../support/live-informers.ts'
import { THROW_BUGS } from '../../support/throw-bugs.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'

const TOKEN = 'secret-token'

it('exposes nothing of a service through which GraphQL could reach a token', async () => {
  const settings = { name: 'one', endpoint: 'http://127.0.0.1:9', token: TOKEN, provider: null }
  await using services = createTestRegistry([settings], 'one')
  using live = createInformers()
  const { signal } = new AbortController()
  const context = createContext(services, live, {
    caller: { tokenFor: () => null },
    signal,
    requestId: 'r',
    log: THROW_BUGS,
  })

  const shown = [
    allServices(context),
    findService('one', context),
    serviceOf('one', context),
    serviceCapabilities('one', context),
    serviceHealth('one', context),
    rateBudgets('one', context),
  ]
  expect(inspect(shown, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(TOKEN)
  expect(allServices(context)).toEqual([{ name: 'one', endpoint: 'http://127.0.0.1:9' }])
})
