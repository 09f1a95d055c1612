import { randomBytes } from 'node:crypto'
import { createMemoryBudget } from '../../../src/upstream/budget/create-memory-budget.ts'
import type { ServiceSettings } from '../../../src/upstream/service/service-settings.ts'
import {
  createServiceRegistry,
  type RegistryOptions,
  type ServiceRegistry,
} from '../../../src/upstream/tenant/service-registry.ts'
import { systemClock } from '../../../src/upstream/waiting/clock.ts'
import { MemoryWriteRecords } from '../../../src/upstream/writes/memory-write-records.ts'

/** The options of a registry in a test. Without another one, its state is in memory. */
export type TestRegistryOptions = Partial<RegistryOptions>

/** Services whose budgets, records and secret are in memory, unless `options` has others. */
export function createTestRegistry(
  settings: readonly ServiceSettings[],
  defaultName: string,
  options: TestRegistryOptions = {},
): ServiceRegistry {
  const { clock = systemClock } = options
  const state = {
    createBudget: createMemoryBudget,
    writeRecords: new MemoryWriteRecords(() => clock.wallNow()),
    tenantSecret: randomBytes(32),
  }
  return createServiceRegistry(settings, defaultName, { ...state, ...options })
}
