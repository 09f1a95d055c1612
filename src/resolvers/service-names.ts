import { BadRequestError } from '../domain/errors.ts'
import type { GatewayContext } from './context.ts'

/**
 * The services that an argument `services` names, each once; the default service for null.
 *
 * @throws {BadRequestError} for an empty list, because its result is always empty
 */
export function serviceNames(services: readonly string[] | null | undefined, context: GatewayContext): string[] {
  const { defaultName } = context.services
  if (services?.length === 0) {
    throw BadRequestError.of('services', `at least one name, or null for the default service ${defaultName}`, services)
  }
  if (services?.includes('')) {
    throw BadRequestError.of('services', `names, or null for the default service ${defaultName}`, services)
  }
  return [...new Set(services ?? [defaultName])]
}
