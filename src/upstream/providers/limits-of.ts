import { ASSUMED_LIMITS, type RateLimit } from '../budget/rate-limit.ts'
import { findProvider, hostOf } from './known-providers.ts'

/** The settings of a service that decide which limits its calls have to keep. */
export interface LimitedService {
  readonly name: string
  /** Base URL of the Pinning Service API. */
  readonly endpoint: string
  /**
   * Name of the known provider that runs the service. Null: unknown. pinql then assumes what the specification says, and
   * learns from the answers.
   */
  readonly provider: string | null
  /** Rate limits that override the provider's. */
  readonly limits?: readonly RateLimit[] | undefined
  /** Name of another service whose requests are counted together with those of this one. */
  readonly sharesLimitsWith?: string | undefined
}

/** Puts services together whose calls one provider counts together: by `limitsKeysOf`, and as the configuration says. */
export function groupBySharedLimits<Service extends LimitedService>(services: readonly Service[]): Service[][] {
  let groups: { readonly keys: readonly string[]; readonly sharers: Service[] }[] = []
  for (const service of services) {
    const { name, sharesLimitsWith = name } = service
    const keys = [...limitsKeysOf(service), `service ${name}`, `service ${sharesLimitsWith}`]
    const isOne = (group: (typeof groups)[number]): boolean => group.keys.some((key) => keys.includes(key))
    const joined = groups.filter(isOne)
    groups = [
      ...groups.filter((group) => !isOne(group)),
      {
        keys: [...joined.flatMap((group) => group.keys), ...keys],
        sharers: [...joined.flatMap(({ sharers }) => sharers), service],
      },
    ]
  }
  return groups.map(({ sharers }) => sharers)
}

/**
 * Returns the key of the limits that services share. It is the same in all gateways that send requests to the provider, whatever names and
 * order its services have there. Null for the embedded service, which only its own gateway uses.
 *
 * The key names the provider, if it counts requests to all of its hosts together, and otherwise the host and port. Where
 * `sharesLimitsWith` joins several of them, it is the last one in the order of their texts. So gateways have the same key only if
 * they join the same ones. Services at `localhost` of several machines have the same key too, though nobody counts them together.
 *
 * @param sharers one group of {@link groupBySharedLimits}
 */
export function sharedKeyOf(sharers: readonly LimitedService[]): string | null {
  // A key of a provider begins with a later letter than one of a host.
  return sharers.flatMap(limitsKeysOf).sort().at(-1) ?? null
}

/**
 * Returns keys, one of which is the same for services whose calls one provider counts together: those at one host and port,
 * and those of one provider.
 *
 * A provider that publishes limits for an endpoint of its own is one, whatever host name leads to it: a proxy does not
 * change whose requests it counts. The embedded service has no key, since it shares its limits with no other.
 */
function limitsKeysOf({ endpoint, provider }: LimitedService): string[] {
  if (provider === 'embedded') return []
  const known = findProvider(provider)
  const hasOwnHost = known.endpoint !== null && known.limits !== null
  return [`host ${hostOf(endpoint)}`, ...(hasOwnHost ? [`provider ${known.name}`] : [])]
}

/** Returns the limits of services that share them. Every limit counts that any of them has; assumed ones only without others. */
export function limitsOf(services: readonly LimitedService[]): readonly RateLimit[] {
  const known = services.flatMap((service) => publishedLimitsOf(service) ?? [])
  return known.length > 0 ? distinct(known) : ASSUMED_LIMITS
}

/** Returns a warning for each group of services that share their limits, and are configured with different ones. */
export function limitWarnings(services: readonly LimitedService[]): string[] {
  return groupBySharedLimits(services).flatMap((sharers) => {
    const published = sharers.filter((service) => publishedLimitsOf(service) !== null)
    const total = limitsOf(published).length
    if (published.every((service) => limitsOf([service]).length === total)) return []
    const names = published.map(({ name }) => name).join(', ')
    return [
      `${names} share their limits and are configured with different ones: the requests of each keep the limits of all`,
    ]
  })
}

function publishedLimitsOf({ limits, provider }: LimitedService): readonly RateLimit[] | null {
  return limits ?? findProvider(provider).limits
}

function distinct(limits: readonly RateLimit[]): RateLimit[] {
  const byText = new Map<string, RateLimit>()
  for (const each of limits) {
    const { limit, windowMs, scope, endpoint, assumed = false } = each
    const text = JSON.stringify([limit, windowMs, scope, endpoint, assumed])
    if (!byText.has(text)) byText.set(text, each)
  }
  return [...byText.values()]
}
