import { closest } from '../../config/closest.ts'
import { ConfigError, type ConfigProblem } from '../../config/config-error.ts'
import type { GatewayConfig, ServiceConfig } from '../../config/gateway-config.ts'
import {
  findProvider,
  findProviderAt,
  KNOWN_PROVIDERS,
  UNKNOWN_PROVIDER,
} from '../../upstream/providers/known-providers.ts'
import type { ServiceSettings } from '../../upstream/service/service-settings.ts'

/**
 * Completes the configured services by what is known of their providers, so that `filebase: {}` is enough. A service at the
 * host of a provider is that provider's, and so is one with the name of a provider that has no host of its own. The embedded service's endpoint stays empty, since it is known only
 * once the service runs.
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
    // Everybody runs their own embedded service, so its name says nothing about a service at another endpoint.
    const isKnown = known !== UNKNOWN_PROVIDER && known.name !== 'embedded'
    const isTheirs = isKnown && (known.endpoint === null || endpoint === known.endpoint)
    const provider = service.provider ?? (isTheirs ? known.name : providerAt(endpoint))
    return { ...service, provider, endpoint: endpoint ?? '' }
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return settings
}

function providerAt(endpoint: string | null): string | null {
  const found = endpoint === null ? UNKNOWN_PROVIDER : findProviderAt(endpoint)
  return found === UNKNOWN_PROVIDER ? null : found.name
}

function missingEndpoint({ name, provider }: ServiceConfig): ConfigProblem {
  const known = KNOWN_PROVIDERS.filter(({ endpoint }) => endpoint !== null).map((each) => each.name)
  const message = `expected an http or https URL, got nothing, and none is known for ${provider ?? name}; known are ${known.join(', ')}`
  return { key: `services.${name}.endpoint`, source: null, message }
}

/** Without this error, a misspelt provider would go unnoticed, and the gateway would exceed the provider's limits. */
function unknownProvider(serviceName: string, provider: string): ConfigProblem {
  const known = KNOWN_PROVIDERS.map(({ name }) => name)
  const meant = closest(provider, known)
  const hint = meant ? `did you mean ${meant}? ` : ''
  const message = `unknown provider ${JSON.stringify(provider)}; ${hint}known are ${known.join(', ')}; leave it out for any other`
  return { key: `services.${serviceName}.provider`, source: null, message }
}
