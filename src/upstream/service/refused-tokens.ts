import { UnauthorizedError } from '../../domain/errors.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { Clock } from '../waiting/clock.ts'

/** Milliseconds for which a refusal is remembered. */
const REMEMBERED_MS = 60_000
/** Maximum number of refusals that are remembered. The oldest is forgotten first. */
const MOST = 10_000

interface Refusal {
  readonly message: string
  readonly until: number
}

/**
 * The tokens that a service has refused within the last minute, of those that it has never accepted. Nothing more is sent for them.
 *
 * Each endpoint counts for itself. A token may have rights to some calls only, as keys of Pinata do, and some services answer 401 to
 * whoever asks for a pin of others, as Functionland does.
 */
export class RefusedTokens {
  readonly #serviceName: string
  readonly #clock: Clock
  /** By endpoint and the tenant's key, the oldest first. */
  readonly #refusals: Readonly<Record<Endpoint, Map<string, Refusal>>> = {
    list: new Map(),
    item: new Map(),
    write: new Map(),
  }

  constructor(serviceName: string, clock: Clock) {
    this.#serviceName = serviceName
    this.#clock = clock
  }

  /** Remembers that the service has refused a tenant's token. */
  refused(tenantKey: string, endpoint: Endpoint, { message }: UnauthorizedError): void {
    const refusals = this.#refusals[endpoint]
    refusals.delete(tenantKey)
    refusals.set(tenantKey, { message, until: this.#clock.now() + REMEMBERED_MS })
    const now = this.#clock.now()
    for (const [oldest, { until }] of refusals) {
      if (until > now && refusals.size <= MOST) return
      refusals.delete(oldest)
    }
  }

  /** Forgets the refusals of a tenant, since the service has accepted its token. */
  accepted(tenantKey: string): void {
    for (const refusals of Object.values(this.#refusals)) refusals.delete(tenantKey)
  }

  /** Returns the error of a call for which nothing is to be sent. Undefined if it may be sent. */
  refusalOf(tenantKey: string, endpoint: Endpoint): UnauthorizedError | undefined {
    const refusals = this.#refusals[endpoint]
    if (refusals.size === 0) return undefined
    const refusal = refusals.get(tenantKey)
    if (!refusal || refusal.until <= this.#clock.now()) return undefined
    return new UnauthorizedError(refusal.message, { service: this.#serviceName })
  }
}
