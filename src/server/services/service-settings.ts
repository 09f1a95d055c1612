import { closest } from '../../config/closest.ts'
import { ConfigError, type ConfigProblem } from '../../config/config-error.ts'
import type { GatewayConfig, ServiceConfig } from '../../config/gateway-config.ts'
import { findProvider, KNOWN_PROVIDERS, UNKNOWN_PROVIDER } from '../../upstream/providers/known-providers.ts'
import type { ServiceSettings } from '../../upstream/service/service.ts'

/**
 * Completes the configured services by what is known of their providers: `filebase: {}` is enough, and a service that has a
 * provider's name and endpoint is taken to be that provider's. The embedded service's endpoint stays
 * empty: it is known once that runs.
 *
 * @throws {ConfigError} naming each service whose provider is given and unknown, or whose endpoint is neither given nor known
 */
export function serviceSettingsOf(config: GatewayConfig): ServiceSettings[] {
  const problems: ConfigProblem[] = []
  const settings = config.services.map((service): ServiceSettings => {
    const known = findProvider(service.provider ?? service.name)
    const endpoint = service.endpoint ?? known.endpoint
    if (service.provider !== null && known === UNKNOWN_PROVIDER) {
      problems.push(unknownProvider(service.name, service.provider))
    } else if (endpoint === null && service.provider !== 'embedded') problems.push(missingEndpoint(service))
    // What everybody runs for themselves has no endpoint of its own to be known by.
    const isKnown = known !== UNKNOWN_PROVIDER && known.name !== 'embedded'
    const isTheirs = isKnown && (known.endpoint === null || endpoint === known.endpoint)
    const provider = service.provider ?? (isTheirs ? known.name : null)
    return { ...service, provider, endpoint: endpoint ?? '' }
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return settings
}

function missingEndpoint({ name, provider }: ServiceConfig): ConfigProblem {
  const known = KNOWN_PROVIDERS.filter(({ endpoint }) => endpoint !== null).map((each) => each.name)
  const message = `expected an http or https URL, got nothing, and none is known for ${provider ?? name}; known are ${known.join(', ')}`
  return { key: `services.${name}.endpoint`, source: null, message }
}

/** A slip here would go unnoticed: the service would be taken for a stranger, and its limits passed. */
function unknownProvider(service: string, provider: string): ConfigProblem {
  const known = KNOWN_PROVIDERS.map(({ name }) => name)
  const meant = closest(provider, known)
  const hint = meant ? `did you mean ${meant}? ` : ''
  const message = `unknown provider ${JSON.stringify(provider)}; ${hint}known are ${known.join(', ')}; leave it out for any other`
  return { key: `services.${service}.provider`, source: null, message }
}
