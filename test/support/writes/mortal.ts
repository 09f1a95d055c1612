import type { ServiceClient } from '../../../src/upstream/http/client.ts'
import type { WriteRecords } from '../../../src/upstream/writes/write-records.ts'
import { deferred } from '../deferred.ts'

/**
 * The life of one gateway process, as others see it: its requests and its use of the records. Each begin and each end of one
 * of these is a step. After its last step, none of them begins or ends any more, as after `kill -9`.
 */
export class Life {
  /** Steps so far. */
  steps = 0
  #isDead = false
  readonly #lastStep: number
  readonly #died = deferred()

  /** @param lastStep the life ends with this step. Default: it ends when `kill` is called. */
  constructor(lastStep = Number.POSITIVE_INFINITY) {
    this.#lastStep = lastStep
  }

  /** Resolves when the life ends. */
  get died(): Promise<void> {
    return this.#died.promise
  }

  kill(): void {
    this.#isDead = true
    this.#died.resolve()
  }

  /** Makes a step. Never resolves once the life has ended. */
  async step(): Promise<void> {
    if (!this.#isDead) this.steps++
    if (this.steps >= this.#lastStep) this.kill()
    if (this.#isDead) await new Promise<never>(() => {})
  }

  /** Returns the function with a step before it and a step after it. */
  of<Args extends unknown[], Value>(call: (...args: Args) => Promise<Value>): (...args: Args) => Promise<Value> {
    return async (...args) => {
      await this.step()
      try {
        return await call(...args)
      } finally {
        await this.step()
      }
    }
  }
}

/** Records that one life uses. They outlive it. */
export function mortalRecords(records: WriteRecords, life: Life): WriteRecords {
  return {
    find: life.of((tenant, key) => records.find(tenant, key)),
    begin: life.of((record) => records.begin(record)),
    forget: life.of((record) => records.forget(record)),
    markUnknown: life.of((record) => records.markUnknown(record)),
    finish: life.of((record, pin, options) => records.finish(record, pin, options)),
    planSweep: life.of((record, sweepId) => records.planSweep(record, sweepId)),
    endSweep: life.of((record, sweepId) => records.endSweep(record, sweepId)),
    unfinished: life.of((tenant) => records.unfinished(tenant)),
    claimed: life.of((tenant, requestIds) => records.claimed(tenant, requestIds)),
    async [Symbol.asyncDispose]() {},
  }
}

/** A client that one life uses. */
export function mortalClient(client: ServiceClient, life: Life): ServiceClient {
  return {
    listPins: life.of((query, options) => client.listPins(query, options)),
    getPin: life.of((requestId, options) => client.getPin(requestId, options)),
    addPin: life.of((pin, options) => client.addPin(pin, options)),
    replacePin: life.of((requestId, pin, options) => client.replacePin(requestId, pin, options)),
    removePin: life.of((requestId, options) => client.removePin(requestId, options)),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
