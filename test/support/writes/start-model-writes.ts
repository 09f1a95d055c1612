import type { Pin } from '../../../src/domain/pin.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import { createServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { ModelService } from '../model/model-service.ts'
import { VirtualClock } from '../virtual-clock.ts'

/** One tenant at a model service, on a clock that stands still until the test moves it. */
export interface ModelWrites extends AsyncDisposable {
  readonly model: ModelService
  readonly clock: VirtualClock
  readonly tenant: Tenant
  readonly token: string
  /** The tenant's pins at the service, oldest first. */
  pins(): Pin[]
}

export function startModelWrites(capabilities: Partial<Capabilities> = {}): ModelWrites {
  const clock = new VirtualClock(1000)
  const model = new ModelService({ clock, epochMs: Date.now() })
  model.keepsPastMs = 10_000
  const token = 'token'
  const limits = [{ limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const
  const settings = { name: 'model', endpoint: 'http://model.invalid', token, provider: null, limits, capabilities }
  const registry = createServiceRegistry([settings], 'model', { clock, connect: model.connect, random: () => 0.5 })
  return {
    model,
    clock,
    tenant: registry.tenant('model', null),
    token,
    pins: () => [...model.pins(token).values()],
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
}
