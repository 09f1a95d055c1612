import { expect, it } from 'vitest'
import { createContext } from '../../../src/resolvers/context.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'

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
  const context = createContext(services, {} as never, { caller, signal, requestId: 'r' })

  expect(context.tenant('one')).toBe(context.tenant('one'))
  expect(context.tenant('two')).toEqual({ service: 'two' })
  expect(asked).toEqual([
    ['one', 'a'],
    ['two', 'b'],
  ])
})
