import { describe, expect, it } from 'vitest'
import { UnauthorizedError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import { RefusedTokens } from '../../../../src/upstream/service/refused-tokens.ts'
import type { Service } from '../../../../src/upstream/service/service.ts'
import type { ServiceCall } from '../../../../src/upstream/service/service-call.ts'
import { saturate } from '../../../support/upstream/budget-harness.ts'
import { createService } from '../../../support/upstream/create-service.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const refusal = new UnauthorizedError('test answered 401 go away', { service: 'test' })
const LIMIT: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }

/** A service that refuses every token while `isRefusing`. */
function startService(heldToken: string | null = null) {
  const clock = new VirtualClock(1000)
  const settings = { name: 'test', endpoint: 'http://127.0.0.1:9', token: heldToken, provider: null, limits: [LIMIT] }
  const service: Service = createService(settings, { clock })
  const state = { isRefusing: true, sent: 0 }
  const call = (more: Partial<ServiceCall<string>> = {}) => {
    return service
      .call({
        tenantKey: 'test:alice',
        token: 'alice',
        endpoint: 'list',
        class: 'interactive',
        isRepeatable: true,
        send: async () => {
          state.sent += 1
          if (state.isRefusing) throw refusal
          return 'answer'
        },
        ...more,
      })
      .catch((error: unknown) => error)
  }
  return { clock, service, state, call }
}

describe('a token that was refused', () => {
  it('costs no request for a minute, and gets the same error', async () => {
    const { clock, state, call } = startService()
    expect(await call()).toEqual(refusal)
    await clock.advance(59_999)
    expect(await call()).toEqual(refusal)
    expect(state.sent).toBe(1)
    state.isRefusing = false
    await clock.advance(1)
    expect(await call()).toBe('answer')
  })

  it('costs no request for its calls that wait already', async () => {
    const { clock, service, state, call } = startService()
    await saturate(service.budget, { tenantKey: 'test:bob', endpoint: 'list', class: 'interactive' })
    const calls = Array.from({ length: 200 }, () => call())
    await clock.advance(5_000)
    expect(await Promise.all(calls)).toEqual(calls.map(() => refusal))
    expect(state.sent).toBe(1)
    // Nor do they use what others wait for.
    expect(service.budget.expectedWaitMs({ tenantKey: 'test:bob', endpoint: 'list', class: 'interactive' })).toBe(0)
  })

  it('is refused only where it was: it may have other rights', async () => {
    const { state, call } = startService()
    await call()
    state.isRefusing = false
    expect(await call({ endpoint: 'write', class: 'mutation' })).toBe('answer')
    // Which shows that it is no made-up token.
    expect(await call()).toBe('answer')
  })

  it('is asked about again each time if the service has accepted it before', async () => {
    const { state, call } = startService()
    state.isRefusing = false
    await call()
    state.isRefusing = true
    for (let n = 0; n < 3; n++) expect(await call()).toEqual(refusal)
    expect(state.sent).toBe(4)
  })

  it('is asked about again each time if the gateway holds it', async () => {
    const { state, call } = startService('alice')
    for (let n = 0; n < 3; n++) await call()
    expect(state.sent).toBe(3)
  })

  it('is nobody else', async () => {
    const { state, call } = startService()
    await call()
    state.isRefusing = false
    expect(await call({ tenantKey: 'test:bob', token: 'bob' })).toBe('answer')
  })
})

it('remembers 10,000 refused tokens at most, and forgets the oldest first', () => {
  const tokens = new RefusedTokens('test', new VirtualClock())
  for (let n = 0; n <= 10_000; n++) tokens.refused(`test:${n}`, 'list', refusal)
  expect(tokens.refusalOf('test:0', 'list')).toBe(undefined)
  expect(tokens.refusalOf('test:1', 'list')).toEqual(refusal)
  expect(tokens.refusalOf('test:1', 'list')).not.toBe(refusal)
})
