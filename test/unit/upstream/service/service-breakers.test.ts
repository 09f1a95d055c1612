import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { FailedAnswerError } from '../../../../src/upstream/http/refusals.ts'
import { ServiceBreakers } from '../../../../src/upstream/service/service-breakers.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const answered = (status: number) =>
  new FailedAnswerError(`test answered ${status} INTERNAL: no pin "secret"`, {
    service: 'test',
    status,
    mayHaveActed: false,
  })
const unreachable = new ServiceUnavailableError('test could not be reached: ECONNREFUSED', { service: 'test' })

function createBreakers() {
  const clock = new VirtualClock()
  const breakers = new ServiceBreakers('test', clock)
  const fail = (tenant: string, error: Error, times = 1) =>
    Promise.allSettled(Array.from({ length: times }, () => breakers.run(tenant, () => Promise.reject(error))))
  const succeed = (tenant: string) => breakers.run(tenant, () => Promise.resolve('answer'))
  return { clock, breakers, fail, succeed }
}

describe('ServiceBreakers', () => {
  it.each([
    ['500', answered(500)],
    ['503', answered(503)],
    ['no connection', unreachable],
  ])('stop a tenant after five failures in a row (%s), and no other', async (_what, error) => {
    const { breakers, fail, succeed } = createBreakers()
    await fail('mallory', error, 4)
    expect(breakers.isRefusing('mallory')).toBe(false)
    await fail('mallory', error)
    expect(breakers.isRefusing('mallory')).toBe(true)
    expect(() => breakers.check('mallory')).toThrow(
      expect.objectContaining({ message: 'test is down and is left alone for a moment', retryAfterMs: 1000 }),
    )
    await expect(succeed('alice')).resolves.toBe('answer')
    expect([breakers.health('mallory').state, breakers.health('alice').state]).toEqual(['down', 'up'])
  })

  it.each([
    ['502', answered(502)],
    ['504', answered(504)],
    ['no connection', unreachable],
  ])(
    'stop everybody after five failures of two tenants that say that the service is down (%s)',
    async (_what, error) => {
      const { breakers, fail } = createBreakers()
      await fail('alice', error, 4)
      await fail('bob', error)
      expect(['alice', 'bob', 'carol'].map((tenant) => breakers.isRefusing(tenant))).toEqual([true, true, true])
      expect(breakers.health()).toMatchObject({ state: 'down', breaker: 'open' })
    },
  )

  it('stop nobody else for what two accounts have of their own', async () => {
    const { breakers, fail } = createBreakers()
    await fail('mallory', answered(500), 5)
    await fail('bob', answered(500), 5)
    expect(['mallory', 'bob', 'alice'].map((tenant) => breakers.isRefusing(tenant))).toEqual([true, true, false])
  })

  it('start to count again for all after anybody had an answer', async () => {
    const { breakers, fail, succeed } = createBreakers()
    await fail('alice', unreachable, 2)
    await fail('bob', unreachable, 2)
    await succeed('carol')
    await fail('bob', unreachable, 2)
    expect(breakers.isRefusing('carol')).toBe(false)
  })

  it('do not keep the service shut for all by the failures of an account of its own', async () => {
    const { clock, fail, succeed } = createBreakers()
    await fail('alice', unreachable, 4)
    await fail('bob', unreachable)
    await clock.advance(1000)
    // The trial shows that the service answers, though not with what mallory wants.
    await fail('mallory', answered(500))
    await expect(succeed('alice')).resolves.toBe('answer')
    await fail('mallory', answered(500), 20)
    await expect(succeed('alice')).resolves.toBe('answer')
  })

  it("show a failure in the service's words to the tenant only whose call it was", async () => {
    const { breakers, fail } = createBreakers()
    await fail('alice', answered(500))
    expect(breakers.health('alice').lastError?.message).toBe('test answered 500 INTERNAL: no pin "secret"')
    expect(breakers.health('bob').lastError).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: 'test answered 500',
    })
    expect(breakers.health().lastError?.message).toBe('test answered 500')
    await fail('alice', unreachable)
    expect(breakers.health('bob').lastError?.message).toBe('test could not be reached: ECONNREFUSED')
  })
})
