import type { AcquireOptions, CallOutcome, CallRequest, LimitUsage, Permit, RequestBudget } from './request-budget.ts'
import { tokenKeyOf } from './token-key.ts'

/**
 * One configured service's part of a budget that several services share.
 *
 * The budget knows tenants by their token alone, so that a token which two services use is counted once. Errors have the
 * name of the service whose call it was.
 */
export class ServiceBudget implements RequestBudget {
  readonly #service: string
  readonly #shared: RequestBudget

  /** @param shared is disposed with the first of its services. A registry disposes all of them together. */
  constructor(service: string, shared: RequestBudget) {
    this.#service = service
    this.#shared = shared
  }

  get waiting(): number {
    return this.#shared.waiting
  }

  get tenants(): number {
    return this.#shared.tenants
  }

  acquire(
    { tenant, endpoint, class: requestClass, asker, deadline }: CallRequest & { readonly deadline: number },
    options?: AcquireOptions,
  ): Promise<Permit> {
    const service = this.#service
    return this.#shared.acquire(
      { tenant: tokenKeyOf(tenant), endpoint, class: requestClass, asker, deadline, service },
      options,
    )
  }

  expectedWaitMs({ tenant, endpoint, class: requestClass, asker }: CallRequest, behind?: number): number {
    return this.#shared.expectedWaitMs({ tenant: tokenKeyOf(tenant), endpoint, class: requestClass, asker }, behind)
  }

  observe(outcome: CallOutcome): void {
    this.#shared.observe({ ...outcome, tenant: tokenKeyOf(outcome.tenant) })
  }

  snapshot(tenant?: string): LimitUsage[] {
    return this.#shared.snapshot(tenant === undefined ? undefined : tokenKeyOf(tenant))
  }

  [Symbol.dispose](): void {
    this.#shared[Symbol.dispose]()
  }
}
