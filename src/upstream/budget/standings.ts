import type { SharedTurnOf } from './request-budget.ts'
import { tokenKeyOf } from './token-key.ts'

/** Maximum number of accepted tokens that are remembered. A forgotten one is accepted again with the next answer. */
const MOST_ACCEPTED = 100_000
/** Maximum number of other tokens whose network is remembered. */
const MOST_UNPROVEN = 10_000

/**
 * The tokens that have a turn of their own in a budget, and in live status: those that a service has accepted once.
 *
 * Anybody can make up tokens, as many as there are turns to take. So all tokens that no service has accepted yet share one turn for
 * each network that they come from.
 */
export class Standings {
  /** Keys of tenants, and the keys of their tokens: the services of one budget count a token once. Oldest first. */
  readonly #accepted = new Set<string>()
  /** The network of each other token, by the key of the token. Oldest first. */
  readonly #networks = new Map<string, string>()

  /**
   * Notes that a service has accepted a tenant's token.
   *
   * @returns true if its calls may have shared a turn until now
   */
  accept(tenantKey: string): boolean {
    if (this.#accepted.has(tenantKey)) return false
    const tokenKey = tokenKeyOf(tenantKey)
    this.#networks.delete(tokenKey)
    this.#accepted.add(tenantKey).add(tokenKey)
    forgetOldest(this.#accepted, 2 * MOST_ACCEPTED)
    return true
  }

  /** Returns whether the service has accepted the tenant's token. */
  isAccepted(tenantKey: string): boolean {
    return this.#accepted.has(tenantKey)
  }

  /**
   * Notes that the next calls of a tenant come from a network.
   *
   * @param network opaque; empty where nobody knows it
   */
  cameFrom(tenantKey: string, network: string): void {
    if (this.#accepted.has(tenantKey)) return
    const tokenKey = tokenKeyOf(tenantKey)
    this.#networks.delete(tokenKey)
    this.#networks.set(tokenKey, network)
    forgetOldest(this.#networks, MOST_UNPROVEN)
  }

  /**
   * Returns the key of the turn that a tenant shares with all others that have no standing and come from the same network. Undefined
   * for one whose token was accepted.
   *
   * @param key the tenant's key, or that of its token where services of one provider share a budget
   */
  readonly sharedTurnOf: SharedTurnOf = (key) =>
    this.#accepted.has(key) ? undefined : `unproven ${this.#networks.get(tokenKeyOf(key)) ?? ''}`
}

function forgetOldest(keys: Set<string> | Map<string, string>, most: number): void {
  if (keys.size <= most) return
  for (const oldest of keys.keys()) {
    keys.delete(oldest)
    return
  }
}
