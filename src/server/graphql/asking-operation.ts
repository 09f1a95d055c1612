import type { Asker, WaitingOperations } from '../../upstream/waiting/stop.ts'

/** A running operation, as the calls to services that it waits for name it. */
export class AskingOperation implements Asker, WaitingOperations {
  readonly #requestId: string
  readonly #caller: { readonly key: string }
  readonly since: number | undefined
  readonly endsAt: number | undefined

  /** @param limits times on the clock of the services. Default: the operation has no time limit. */
  constructor(
    requestId: string,
    caller: { readonly key: string },
    limits?: { readonly since: number; readonly endsAt: number },
  ) {
    this.#requestId = requestId
    this.#caller = caller
    this.since = limits?.since
    this.endsAt = limits?.endsAt
  }

  get operationIds(): readonly string[] {
    return [this.#requestId]
  }

  get asker(): Asker {
    return this
  }

  /** Read only when a call has to wait, since a key that is made of tokens costs a hash. */
  get callerKey(): string {
    return this.#caller.key
  }
}
