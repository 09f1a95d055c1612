import { expect, it } from 'vitest'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const ONE = { endpoint: 'http://127.0.0.1:9/one', limits: [{ limit: 10, windowMs: 1000 }] }
const WARNING = 'share their limits and are configured with different ones'

it('warns at the start of services that share an endpoint and have different limits', async () => {
  const two = { ...ONE, limits: [{ limit: 20, windowMs: 1000 }] }
  await using gateway = await startTestGateway({ services: { one: ONE, two }, defaultService: 'one' })
  expect(gateway.logged.filter((line) => line.includes(`one, two ${WARNING}`))).toHaveLength(1)
})

it('shares the limits of services with two host names as the configuration says', async () => {
  const two = { endpoint: 'http://localhost:9/two', sharesLimitsWith: 'one' }
  await using gateway = await startTestGateway({ services: { one: ONE, two }, defaultService: 'one' })
  const { data } = await gateway.query('{ services { name budget { limit } } }', {}, { 'x-pinning-token-two': 'any' })
  expect(data?.services).toEqual([
    { name: 'one', budget: [{ limit: 10 }] },
    { name: 'two', budget: [{ limit: 10 }] },
  ])
  expect(gateway.logged.filter((line) => line.includes(WARNING))).toEqual([])
})
