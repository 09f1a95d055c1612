import { BadRequestError } from '../domain/errors.ts'
import type { GatewayContext } from './context.ts'

/**
 * The services that an argument `services` names, each once; the default service for null.
 *
 * @throws {BadRequestError} for an empty list, which would always give nothing
 */
export function serviceNames(services: readonly string[] | null | undefined, context: GatewayContext): string[] {
  const { defaultName } = context.services
  if (services?.length === 0) {
    throw BadRequestError.of('services', `at least one name, or null for the default service ${defaultName}`, services)
  }
  return [...new Set(services ?? [defaultName])]
}
