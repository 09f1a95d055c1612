import type { Lesson } from '../../../src/upstream/learning/learned-capabilities.ts'
import type { ServiceSettings } from '../../../src/upstream/service/service-settings.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import {
  EMULATED_TOKENS,
  type EmulatedProvider,
  type EmulatedProviderOptions,
  startEmulatedProvider,
} from '../providers/emulated-provider.ts'
import { createTestRegistry, type TestRegistryOptions } from '../upstream/create-test-registry.ts'
import type { ZooCase } from './zoo-cases.ts'

export const [ALICE, BOB] = EMULATED_TOKENS

const NO_LIMITS = [{ limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const

/** An emulated service, and a registry that knows it as `one`. */
export interface StartedZooCase extends AsyncDisposable {
  readonly service: EmulatedProvider
  readonly registry: ServiceRegistry
  /** Of the token `ALICE`. */
  readonly tenant: Tenant
  /** Lessons about the service, as they would be logged. */
  readonly lessons: readonly Lesson[]
}

export interface ZooCaseOptions extends EmulatedProviderOptions, Pick<TestRegistryOptions, 'timeoutMs'> {
  /** Default: no limits. */
  readonly settings?: Partial<ServiceSettings>
}

export async function startZooCase(
  { profile, provider }: Pick<ZooCase, 'profile' | 'provider'>,
  { timeoutMs, settings, ...options }: ZooCaseOptions = {},
): Promise<StartedZooCase> {
  const service = await startEmulatedProvider(profile, options)
  const lessons: Lesson[] = []
  const base = { name: 'one', endpoint: service.endpoint, token: null, provider, limits: NO_LIMITS }
  const registry = createTestRegistry([{ ...base, ...settings }], 'one', {
    timeoutMs,
    onLesson: (_, lesson) => lessons.push(lesson),
  })
  return {
    service,
    registry,
    tenant: registry.tenant('one', ALICE),
    lessons,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}
