import type { Asker, WaitingOperations } from '../../upstream/waiting/stop.ts'

/** A running operation, as the calls to services that it waits for name it. */
export class AskingOperation implements Asker, WaitingOperations {
  readonly #requestId: string
  readonly #caller: { readonly key: string }

  constructor(requestId: string, caller: { readonly key: string }) {
    this.#requestId = requestId
    this.#caller = caller
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
