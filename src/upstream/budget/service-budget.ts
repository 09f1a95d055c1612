import type {
  AcquireOptions,
  CallRequest,
  LimitUsage,
  ObservedAnswer,
  Permit,
  RequestBudget,
} from './request-budget.ts'
import { tokenKeyOf } from './token-key.ts'

/**
 * One configured service's part of a budget that several services share.
 *
 * The budget knows tenants by their token alone, so that a token which two services use is counted once. Errors have the
 * name of the service whose call it was.
 */
export class ServiceBudget implements RequestBudget {
  readonly #serviceName: string
  readonly #shared: RequestBudget

  /** @param shared is disposed with the first of its services. A registry disposes all of them together. */
  constructor(serviceName: string, shared: RequestBudget) {
    this.#serviceName = serviceName
    this.#shared = shared
  }

  acquire(
    { tenantKey, endpoint, class: requestClass, asker, deadline }: CallRequest & { readonly deadline: number },
    options?: AcquireOptions,
  ): Promise<Permit> {
    const serviceName = this.#serviceName
    return this.#shared.acquire(
      { tenantKey: tokenKeyOf(tenantKey), endpoint, class: requestClass, asker, deadline, serviceName },
      options,
    )
  }

  expectedWaitMs(
    { tenantKey, endpoint, class: requestClass, asker }: CallRequest,
    behind?: number,
    others?: number,
  ): number {
    return this.#shared.expectedWaitMs(
      { tenantKey: tokenKeyOf(tenantKey), endpoint, class: requestClass, asker },
      behind,
      others,
    )
  }

  refuse({ tenantKey, endpoint, class: requestClass, asker }: CallRequest, behind: number): number {
    return this.#shared.refuse({ tenantKey: tokenKeyOf(tenantKey), endpoint, class: requestClass, asker }, behind)
  }

  observe(answer: ObservedAnswer): void {
    this.#shared.observe({ ...answer, tenantKey: tokenKeyOf(answer.tenantKey) })
  }

  endSharing(tenantKey: string): void {
    this.#shared.endSharing(tokenKeyOf(tenantKey))
  }

  snapshot(tenantKey?: string): LimitUsage[] {
    return this.#shared.snapshot(tenantKey === undefined ? undefined : tokenKeyOf(tenantKey))
  }

  [Symbol.dispose](): void {
    this.#shared[Symbol.dispose]()
  }
}
