import { expect, it } from 'vitest'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const LIMITS = [{ limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }] as const

it('refuses reads that wait for the budget before `requestTimeoutMs`, each with a time of its own', async () => {
  await using service = await startEmulatedProvider(compliant, { tokens: ['token'] })
  await using gateway = await startTestGateway({
    requestTimeoutMs: 2_000,
    services: { test: { endpoint: service.endpoint, token: 'token', limits: [...LIMITS] } },
  })
  const searches = Array.from({ length: 30 }, (_, n) =>
    gateway.query(`{ pins(first: 10, filter: { name: "${n}" }) { nodes { name } } }`),
  )
  const errors = (await Promise.all(searches)).flatMap((result) => result.errors ?? [])
  expect(errors.length).toBeGreaterThanOrEqual(15)
  expect(new Set(errors.map(({ extensions }) => extensions?.code))).toEqual(new Set(['RATE_LIMITED']))
})
