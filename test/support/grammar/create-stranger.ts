import type { PinStatus } from '../../../src/domain/pin.ts'
import { seededRandom } from '../seeded-random.ts'
import { createTenantOver } from '../zoo/emulated-tenant.ts'
import { at } from '../zoo/seed-and-drain.ts'
import { READ_RIGHT } from './misread-times.ts'
import { type NewGrammarPin, RandomService } from './random-service.ts'
import type { ServiceRules } from './service-rules.ts'

/** The specification to the letter, but that its `count` says nothing. */
const PLAIN: ServiceRules = {
  order: 'newest-first',
  ties: 'stable',
  digits: 3,
  rounding: 'none',
  bounds: 'exclusive',
  times: 'any form',
  largestPage: { pins: 1000, beyond: 'refused' },
  cutLists: 'all',
  limit: 'honoured',
  defaultPage: 10,
  count: 'page',
  statuses: 'several',
  cids: 'several',
  emptyList: 'list',
  records: 'valid',
  ...READ_RIGHT,
}

/** So many pins, one every so many milliseconds. */
export function every(count: number, ms: number): bigint[] {
  return Array.from({ length: count }, (_, n) => at(0, BigInt(n * ms) * 1_000_000n))
}

/** A service with these pins. Where no rule is given, it follows the specification. */
export function createPlainService(rules: Partial<ServiceRules>, pins: readonly NewGrammarPin[]): RandomService {
  const service = new RandomService({ ...PLAIN, ...rules }, seededRandom(1))
  service.add(pins)
  return service
}

/** A service that nobody knows, with pins of one status. */
export function createStranger(rules: Partial<ServiceRules>, times: readonly bigint[], status: PinStatus = 'pinned') {
  const pins = times.map((created) => ({ created, status, isOdd: false }))
  return createStrangerWith(rules, pins)
}

/** A service that nobody knows, with these pins. */
export function createStrangerWith(rules: Partial<ServiceRules>, pins: readonly NewGrammarPin[]) {
  const service = createPlainService(rules, pins)
  return { service, tenant: createTenantOver(service, { name: 'grammar', provider: null }) }
}
