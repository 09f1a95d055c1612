import type { Capabilities } from '../providers/capabilities.ts'
import type { LearnedCapabilities } from './learned-capabilities.ts'

/**
 * The parts of lists that a service has refused to one token.
 *
 * They may depend on the plan that the token has, so they hold for no other token. There is one object per token, which its tenant
 * owns. The form of times that a service reads does not depend on plans, so all tokens share that, in {@link LearnedCapabilities}.
 */
export class TokenRefusals {
  readonly #known: LearnedCapabilities
  /** Largest `limit` that is not refused. Infinite as long as none was. */
  #maxLimit = Number.POSITIVE_INFINITY
  #refusesAfter = false

  constructor(known: LearnedCapabilities) {
    this.#known = known
  }

  get maxLimit(): number {
    return this.#maxLimit
  }

  /** True once it was shown that the service refuses `after`, at least beside `before`. */
  get refusesAfter(): boolean {
    return this.#refusesAfter
  }

  /** Returns the capabilities of the service, as far as they are open to this token. */
  restrict(capabilities: Capabilities): Capabilities {
    const maxLimit = Math.min(capabilities.maxLimit, this.#maxLimit)
    const honoursAfter = capabilities.honoursAfter && !this.#refusesAfter
    const isSame = maxLimit === capabilities.maxLimit && honoursAfter === capabilities.honoursAfter
    return isSame ? capabilities : { ...capabilities, maxLimit, honoursAfter }
  }

  /** Records that the service refuses lists with a larger `limit` than this. */
  observeLimit(limit: number): void {
    this.#maxLimit = Math.min(limit, this.#maxLimit)
    this.#known.reportForToken({ capability: 'maxLimit', proof: `a list of more than ${limit} pins was refused` })
  }

  /** Records that the service refuses `after`, at least beside `before`. */
  observeAfter(): void {
    this.#refusesAfter = true
    this.#known.reportForToken({ capability: 'honoursAfter', proof: '`after` was refused' })
  }
}
