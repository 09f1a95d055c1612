import type { CellSet } from './cell-set.ts'
import { ClassOrder, type Passed } from './class-order.ts'
import type { ClassQueues } from './queued-until.ts'
import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import { BUDGET_CLASSES, type BudgetClass } from './request-class.ts'
import type { TakenCall, TenantShare } from './tenant-share.ts'

/** Keeps the floors of the classes: each gets its part of the calls that leave, of all tenants together and of each tenant. */
export class ClassFloors {
  readonly #queues: ClassQueues
  readonly #address: CellSet
  readonly #order = new ClassOrder()

  /** @param address cells that all tenants share */
  constructor(queues: ClassQueues, address: CellSet) {
    this.#queues = queues
    this.#address = address
  }

  /** Returns true when the class got less than its floor of the calls of all tenants, and so goes first. */
  isDue(requestClass: BudgetClass, endpoint: Endpoint): boolean {
    return this.#order.isDue(requestClass, endpoint)
  }

  /**
   * Returns the class by whose rules a call may leave. For a class below its floor it is the most urgent one that waits for a
   * limit in common: otherwise a flood of calls that are not paced, or that may use the reserve, would take every slot before it.
   */
  standIn(requestClass: BudgetClass, endpoint: Endpoint): BudgetClass {
    if (!this.isDue(requestClass, endpoint)) return requestClass
    const waits = (other: BudgetClass): boolean =>
      ENDPOINTS.some((each) => this.#queues[other].load(each).items > 0 && this.#address.isShared(each, endpoint))
    return BUDGET_CLASSES.find((other) => other === requestClass || waits(other)) ?? requestClass
  }

  /**
   * Gives credit to the classes that a call passes over, with all tenants and with its own.
   *
   * @returns the credit that the call used up, for {@link giveBack}
   */
  passOver(tenant: TenantShare, endpoint: Endpoint, requestClass: BudgetClass, now: number): TakenCall['spent'] {
    const isOpen = (other: BudgetClass, each: Endpoint) => this.#address.isOpenBeside(endpoint, each, other, now)
    const ofAll = this.#order.served(requestClass, endpoint, (other, each): Passed => {
      if (!this.#address.isShared(endpoint, each) || !isOpen(other, each)) return 'apart'
      return this.#queues[other].load(each).items > 0 ? 'waits' : 'rests'
    })
    const { cells } = tenant
    const ofOwn = tenant.order.served(requestClass, endpoint, (other, each): Passed => {
      if (!cells.isShared(endpoint, each)) return 'apart'
      if (!isOpen(other, each) || !cells.isOpenBeside(endpoint, each, other, now)) return 'apart'
      return tenant.waitingAt(other, each) > 0 ? 'waits' : 'rests'
    })
    return { ofAll, ofOwn }
  }

  /** Takes back the credit that a call used up, since it was never sent. */
  giveBack({ tenant, endpoint, requestClass, spent }: TakenCall): void {
    if (!spent) return
    this.#order.giveBack(requestClass, endpoint, spent.ofAll)
    tenant.order.giveBack(requestClass, endpoint, spent.ofOwn)
  }
}
