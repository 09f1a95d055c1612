import { createMemoryBudget } from '../../../src/upstream/budget/create-memory-budget.ts'
import { Service, type ServiceOptions } from '../../../src/upstream/service/service.ts'
import type { ServiceSettings } from '../../../src/upstream/service/service-settings.ts'
import { createSharedLimits, type SharedLimits } from '../../../src/upstream/service/shared-limits.ts'
import { type Clock, systemClock } from '../../../src/upstream/waiting/clock.ts'
import { type CountedBudget, countWaiting } from './count-waiting.ts'
import type { TestRegistryOptions } from './create-test-registry.ts'

export type TestServiceOptions = Pick<TestRegistryOptions, keyof ServiceOptions>

/** A service whose budget tells how many calls wait. */
export type TestService = Service & { readonly budget: CountedBudget }

/** The limits of a service that shares them with no other. Its budget tells how many calls wait. */
export function limitsOfOne(settings: ServiceSettings, clock: Clock): SharedLimits & { budget: CountedBudget } {
  const limits = createSharedLimits([settings], clock, createMemoryBudget).get(settings.name)
  if (!limits) throw new Error('a service has no limits')
  return { ...limits, budget: countWaiting(limits.budget) }
}

/** A service that shares its limits with no other. A try takes 10 s at most, unless `timeoutMs` is given. */
export function createService(settings: ServiceSettings, options: TestServiceOptions = {}): TestService {
  const { clock = systemClock, timeoutMs = 10_000 } = options
  return new Service(settings, { ...options, clock, timeoutMs }, limitsOfOne(settings, clock)) as TestService
}
