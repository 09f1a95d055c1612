import { expect, it } from 'vitest'
import { UnauthorizedError, UnknownServiceError } from '../../../src/domain/errors.ts'
import { createContext } from '../../../src/resolvers/context.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import { THROW_BUGS } from '../../support/throw-bugs.ts'

it("finds a service's tenant once in a request, however many lookups ask for it", () => {
  const asked: unknown[] = []
  const services = {
    defaultName: 'one',
    tenant(...args: unknown[]) {
      asked.push(args)
      return { service: args[0] }
    },
  } as unknown as ServiceRegistry
  const caller = { tokenFor: (service: string) => (service === 'one' ? 'a' : 'b') }
  const { signal } = new AbortController()
  const context = createContext(services, {} as never, { caller, signal, requestId: 'r', log: THROW_BUGS })

  expect(context.tenant('one')).toBe(context.tenant('one'))
  expect(context.tenant('two')).toEqual({ service: 'two' })
  expect(asked).toEqual([
    ['one', 'a'],
    ['two', 'b'],
  ])
})

it('has each service refuse the token of a request once, however many lookups ask for it', () => {
  const malformed: string[] = []
  const missing: string[] = []
  const services = {
    get(name: string) {
      if (name === 'unknown') throw new UnknownServiceError(name, ['one', 'two'])
      return { hasToken: false }
    },
    tenant(name: string) {
      missing.push(name)
      throw new UnauthorizedError('no token', { service: name })
    },
  } as unknown as ServiceRegistry
  const caller = {
    tokenFor(service: string) {
      if (service !== 'one') return null
      malformed.push(service)
      throw new UnauthorizedError('malformed', { service })
    },
  }
  const { signal } = new AbortController()
  const context = createContext(services, {} as never, { caller, signal, requestId: 'r', log: THROW_BUGS })

  for (let lookup = 0; lookup < 10; lookup++) {
    expect(() => context.tenant('one')).toThrow('malformed')
    expect(() => context.tenant('two')).toThrow('no token')
    expect(['one', 'two', 'unknown'].map((service) => context.mayUse(service))).toEqual([false, false, false])
  }
  expect({ malformed, missing }).toEqual({ malformed: ['one'], missing: ['two'] })
})

it('asks a service whose token cannot be found because of a bug, so that the service has the error', () => {
  const bug = new TypeError('bug')
  const logged: unknown[] = []
  const caller = {
    tokenFor(): never {
      throw bug
    },
  }
  const log = { error: (...args: unknown[]) => void logged.push(args) }
  const { signal } = new AbortController()
  const context = createContext({} as never, {} as never, { caller, signal, requestId: 'r', log })

  expect(context.mayUse('one')).toBe(true)
  expect(() => context.tenant('one')).toThrow(bug)
  expect([context.tenantKey('one'), context.tenantKey('one')]).toEqual([undefined, undefined])
  expect(context.unexpected(bug)).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', cause: bug })
  expect(logged).toEqual([[{ err: bug, requestId: 'r' }, 'Unexpected error']])
})
