import fc from 'fast-check'
import { expect } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { formatInstant } from '../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../../src/domain/pin.ts'
import { comparePositions, type PinPosition } from '../../../src/domain/pin-order.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { PinStream } from '../../../src/upstream/reading/streams/pin-stream.ts'
import { trimmedText, utcText } from '../providers/created-text.ts'
import type { EmulatedPin } from '../providers/emulated-pin.ts'
import { exampleCid, exampleCidV0 } from '../providers/example-cid.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'
import { createEmulatedTenant, type EmulatedTenant } from './emulated-tenant.ts'

const START_NS = 1_600_000_000_000_000_000n
const CIDS = Array.from({ length: 400 }, (_, n) => exampleCid(n))
const NAMES = ['Alpha', 'alpha', 'Alphabet', 'ALPHA beta', 'unrelated', null]
const METAS = [{ app: 'blog', env: 'test' }, { app: 'blog' }, { app: 'shop' }, null]

/** Changes between one page and the next: where a pin is added, or which one goes. */
type Change = { readonly add: bigint } | { readonly remove: number } | null

export interface History {
  readonly digits: number
  readonly isTrimmed: boolean
  /** Creation time of each pin. Many pins share one. */
  readonly instants: readonly bigint[]
  readonly changes: readonly Change[]
  readonly pageSizes: readonly number[]
  /** Index of the page after whose last cursor a second reading starts. */
  readonly resumeAt: number
}

const instant = fc.oneof(
  // Close together: ties at any precision up to seconds.
  fc.bigInt({ min: 0n, max: 4_000_000_000n }),
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: 0n, max: 50n }).map((seconds) => seconds * 1_000_000_000n),
)

export const history: fc.Arbitrary<History> = fc.record({
  digits: fc.integer({ min: 0, max: 9 }),
  isTrimmed: fc.boolean(),
  instants: fc.array(instant, { maxLength: 60 }),
  changes: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(null) },
      fc.record({ add: instant }),
      fc.record({ remove: fc.nat(59) }),
    ),
    { maxLength: 12 },
  ),
  pageSizes: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 5 }),
  resumeAt: fc.nat(20),
})

/** At instants of the history, between them, and far away. */
const bound = fc.option(
  fc
    .record({ offset: instant, digits: fc.integer({ min: 0, max: 9 }) })
    .map(({ offset, digits }) => formatInstant(START_NS + offset, digits)),
  { nil: undefined },
)
const cid = fc.oneof(fc.nat(59).map(exampleCid), fc.nat(59).map(exampleCidV0)).map((text) => parseCid(text))

/** Any combination of all filters; each is absent half of the time. */
export const anyQuery: fc.Arbitrary<PinQuery> = fc.record({
  statuses: fc.oneof(fc.constant(PIN_STATUSES), fc.subarray([...PIN_STATUSES], { minLength: 1 })),
  name: fc.option(fc.constantFrom('Alpha', 'aLPHA', 'alph', 'b', 'nobody', ''), { freq: 1, nil: undefined }),
  match: fc.constantFrom('exact', 'iexact', 'partial', 'ipartial'),
  cids: fc.option(fc.array(cid, { minLength: 1, maxLength: 25 }), { freq: 1, nil: undefined }),
  meta: fc.option(fc.constantFrom({ app: 'blog' }, { app: 'blog', env: 'test' }, { app: 'none' }), {
    freq: 1,
    nil: undefined,
  }),
  before: bound,
  after: bound,
})

/** Reads everything as clients do: a page, its last cursor, the next page. */
export async function readInPages(
  { tenant }: Pick<EmulatedTenant, 'tenant'>,
  query: PinQuery,
  pageSizes: readonly number[],
  from: PinPosition | null = null,
): Promise<Pin[]> {
  const taken: Pin[] = []
  let after = from
  for (let page = 0; ; page++) {
    const size = pageSizes[page % pageSizes.length] as number
    const stream = new PinStream(tenant.reads, query, { after, expected: size })
    const next = await stream.take(size)
    taken.push(...next)
    if (next.length < size) return taken
    after = taken.at(-1) ?? null
    if (!(await stream.hasMore())) return taken
    if (page > 300) throw new Error('The list does not end')
  }
}

/** Reads everything with one stream, as watchers and removals do. */
export async function readAtOnce(
  { tenant }: Pick<EmulatedTenant, 'tenant'>,
  query: PinQuery,
  expected: number,
): Promise<Pin[]> {
  const taken: Pin[] = []
  for (const stream of tenant.openStreams(query, { expected })) {
    for (let next = await stream.peek(); next; next = await stream.peek()) {
      taken.push(next)
      stream.shift()
    }
  }
  return taken
}

/**
 * The only strangers that cannot be seen through from nothing: an empty list may be a wrong endpoint where it is 404, and
 * several statuses may find nothing because there is nothing. They are met with one pin first.
 */
const MET_WITH_A_PIN = ['functionland', 'nft-storage', 'filecoin-pin']

/**
 * Fills a service, and lets it change after each list that it answers. Returns the ids of what was there all the time, and
 * all pins that ever were.
 */
export async function live(profile: ProviderProfile, provider: string | null, { instants, changes }: History) {
  const account = createEmulatedTenant(profile, { provider })
  if (provider === null && MET_WITH_A_PIN.includes(profile.name)) {
    const { requestId } = account.store.add({ cid: exampleCid(9999) })
    await readAtOnce(account, ALL, 10)
    account.store.remove(requestId)
  }
  const everything: EmulatedPin[] = []
  const add = (ns: bigint): string => {
    const n = everything.length
    const pin = account.store.add({
      cid: CIDS[n] as string,
      created: START_NS + ns,
      status: PIN_STATUSES[(n + 1) % 4] as PinStatus,
      name: NAMES[n % NAMES.length] ?? null,
      meta: METAS[Math.floor(n / 2) % METAS.length] ?? null,
    })
    everything.push(pin)
    return pin.requestId
  }
  const ids = instants.map(add)
  const stable = new Set(ids)
  let step = 0
  account.hooks.beforeReply = () => {
    const change = changes[step++]
    if (change && 'add' in change) add(change.add)
    if (change && 'remove' in change && ids[change.remove] !== undefined) {
      account.store.remove(ids[change.remove] as string)
      stable.delete(ids[change.remove] as string)
    }
    return undefined
  }
  return { account, stable, everything }
}

export function expectAllOnce(taken: readonly Pin[], stable: ReadonlySet<string>): void {
  for (const [index, pin] of taken.entries()) {
    const last = taken[index - 1]
    if (last) expect(comparePositions(last, pin), 'in order, and none twice').toBeLessThan(0)
  }
  const seen = new Set(taken.map(({ requestId }) => requestId))
  expect(seen.size, 'no id twice').toBe(taken.length)
  expect(
    [...stable].filter((id) => !seen.has(id)),
    'none missing',
  ).toEqual([])
}

export function withPrecision(profile: ProviderProfile, { digits, isTrimmed }: History): ProviderProfile {
  // Crust compares whole seconds, which would lose pins of a finer clock at any client.
  if (profile.name === 'crust') return profile
  const unit = 10n ** BigInt(9 - digits)
  const text = isTrimmed ? trimmedText(digits) : utcText(digits)
  return { ...profile, created: { ...profile.created, unit, unique: false, text } }
}

export const ALL: PinQuery = { statuses: PIN_STATUSES }
