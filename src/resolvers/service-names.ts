import { BadRequestError } from '../domain/errors.ts'
import type { GatewayContext } from './context.ts'

/**
 * Reads an argument `services`: each name once, and the default service for null. Does not check that the services exist.
 *
 * @throws {BadRequestError} for an empty list, because its result would always be empty, and for an empty name
 */
export function parseServiceNames(names: readonly string[] | null | undefined, context: GatewayContext): string[] {
  const { defaultName } = context.registry
  if (names?.length === 0) {
    throw BadRequestError.of('services', `at least one name, or null for the default service ${defaultName}`, names)
  }
  if (names?.includes('')) {
    throw BadRequestError.of('services', `names, or null for the default service ${defaultName}`, names)
  }
  return [...new Set(names ?? [defaultName])]
}
