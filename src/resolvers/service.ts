import { BadRequestError } from '../domain/errors.ts'
import type { Lesson } from '../upstream/learning/learned-capabilities.ts'
import type { Capabilities } from '../upstream/providers/capabilities.ts'
import type { ConfiguredService } from './configured-services.ts'
import type { GatewayContext } from './context.ts'

/** A configured service as clients see it: no token, and nothing that leads to one. */
export interface ServiceFields {
  readonly name: string
  readonly endpoint: string
}

/** Behaviour of a service as clients see it: its capabilities as pinql knows them now. */
export interface CapabilityFields extends Capabilities {
  /** Known provider that runs the service; null for an unknown one. */
  readonly provider: string | null
  /** Lessons from the service's answers, oldest first. */
  readonly lessons: readonly Lesson[]
}

/** Returns all configured services, in the order of the configuration. */
export function allServices({ registry }: GatewayContext): ServiceFields[] {
  return registry.services.map(fieldsOf)
}

/** @throws {UnknownServiceError} when no service has that name */
export function serviceOf(serviceName: string, { registry }: GatewayContext): ServiceFields {
  return fieldsOf(registry.get(serviceName))
}

/**
 * Finds a configured service; null when no service has that name.
 *
 * @throws {BadRequestError} for an empty name
 */
export function findService(serviceName: string, { registry }: GatewayContext): ServiceFields | null {
  if (serviceName === '') throw BadRequestError.of('name', 'the name of a service', serviceName)
  const service = registry.services.find(({ name }) => name === serviceName)
  return service ? fieldsOf(service) : null
}

/** Returns what is known of a service's behaviour now. */
export function serviceCapabilities(serviceName: string, { registry }: GatewayContext): CapabilityFields {
  const { provider, known } = registry.get(serviceName)
  return { ...known.current, provider, lessons: known.lessons }
}

function fieldsOf({ name, endpoint }: ConfiguredService): ServiceFields {
  return { name, endpoint }
}
