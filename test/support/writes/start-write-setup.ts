import { parseCid } from '../../../src/domain/cid.ts'
import type { NewPin, Pin } from '../../../src/domain/pin.ts'
import type { PinRef } from '../../../src/domain/pin-id.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { compliant } from '../providers/compliant.ts'
import {
  EMULATED_TOKENS,
  type EmulatedProvider,
  type EmulatedProviderOptions,
  startEmulatedProvider,
} from '../providers/emulated-provider.ts'
import { exampleCid } from '../providers/example-cid.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'
import { createTestRegistry, type TestRegistryOptions } from '../upstream/create-test-registry.ts'
import { VirtualClock } from '../virtual-clock.ts'

/** Whose pins are written. */
export const [ALICE] = EMULATED_TOKENS

export interface WriteSetupOptions extends Omit<TestRegistryOptions, 'clock'> {
  readonly profile?: ProviderProfile
  /** A known provider. Default: none, so that all must be learned. */
  readonly provider?: string
  readonly capabilities?: Partial<Capabilities>
  readonly emulation?: EmulatedProviderOptions
  /** Used instead of a new one. */
  readonly service?: EmulatedProvider
}

/** One emulated service, and a tenant at it whose time stands still but for `run`. */
export interface WriteSetup extends AsyncDisposable {
  readonly service: EmulatedProvider
  readonly registry: ServiceRegistry
  readonly tenant: Tenant
  readonly clock: VirtualClock
  /** Lets time pass until the work is done. */
  run<Value>(work: Promise<Value>): Promise<Value>
}

export async function startWriteSetup(options: WriteSetupOptions = {}): Promise<WriteSetup> {
  const { profile = compliant, provider = null, capabilities, emulation, service: given, ...rest } = options
  const service = given ?? (await startEmulatedProvider(profile, emulation))
  const clock = new VirtualClock()
  const limits = [{ limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const
  const settings = { name: 'one', endpoint: service.endpoint, token: ALICE, provider, limits, capabilities }
  const registry = createTestRegistry([settings], 'one', { ...rest, clock })
  return {
    service,
    registry,
    tenant: registry.tenant('one', null),
    clock,
    async run(work) {
      let isOver = false
      const over = (): void => {
        isOver = true
      }
      work.then(over, over)
      while (!isOver) await clock.advance(5)
      return work
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      if (!given) await service[Symbol.asyncDispose]()
    },
  }
}

/** The n-th pin of a test. */
export function newPin(n: number, more: Partial<NewPin> = {}): NewPin {
  return { cid: parseCid(exampleCid(n)), name: `pin ${n}`, origins: [], meta: {}, ...more }
}

/** Returns the reference by which a pin is replaced. */
export function refOf({ requestId, cid }: Pin): PinRef {
  return { service: 'one', requestId, cid: cid.text }
}

/** The requests that arrived, as `POST /pins`. */
export function requestsAt({ service }: WriteSetup): string[] {
  return service.requests.map(({ method, path }) => `${method} ${path}`)
}

/** The next change takes effect, and its answer never arrives. */
export function loseFirstAnswer({ service }: WriteSetup): void {
  service.hooks.afterCommit = () => {
    service.hooks.afterCommit = undefined
    return 'drop'
  }
}
