import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { PinStream } from '../../../src/upstream/reading/streams/pin-stream.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import type { SeedPin } from '../providers/emulated-pins.ts'
import type { EmulatedProvider } from '../providers/emulated-provider.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { ALICE } from './start-zoo-case.ts'

// The fifty known behaviours of real services, each in a test with its number: docs/upstream-behaviours.md says what they
// are and what pinql does.

export const ALL = { statuses: PIN_STATUSES }
export const SECOND = 1_000_000_000n
/** Stands for the provider of a service that pinql does not know. */
export const stranger = null

/** Nanoseconds of the n-th second of these tests, and so many more. */
export function at(seconds: number, ns = 0n): bigint {
  return (1_600_000_000n + BigInt(seconds)) * SECOND + ns
}

export function ids(pins: readonly { readonly requestId: string }[]): string[] {
  return pins.map(({ requestId }) => requestId)
}

/** Pins of the CIDs 0 to `count - 1`, one a second; their ids, newest first. */
export function seed(service: EmulatedProvider, count: number, more: Partial<SeedPin> = {}): string[] {
  const pins = Array.from({ length: count }, (_, n) => ({ cid: exampleCid(n), created: at(n), ...more }))
  return ids(service.seed(ALICE, pins)).reverse()
}

/** The ids that a stream gives, in its order. */
export async function drain({ reads }: Tenant, query: PinQuery, expected: number): Promise<string[]> {
  const stream = new PinStream(reads, query, { expected })
  const seen: string[] = []
  for (let next = await stream.peek(); next; next = await stream.peek()) {
    seen.push(next.requestId)
    stream.shift()
  }
  return seen
}
