import { PinqlError } from '../../../src/domain/errors.ts'
import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import { comparePositions } from '../../../src/domain/pin-order.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { seededRandom } from '../seeded-random.ts'
import { createEmulatedTenant, type EmulatedTenant } from '../zoo/emulated-tenant.ts'
import { ALL, readAtOnce, readInPages } from '../zoo/paging-histories.ts'
import { canBeRead, GRAMMAR, type ServiceRules, serviceOf } from './service-rules.ts'

/** The end of one reading of all pins of one service of the grammar. */
export interface HistoryOutcome {
  readonly rules: ServiceRules
  readonly pins: number
  readonly requests: number
  /** Whether a client that is told the rules could read all pins. */
  readonly isPossible: boolean
  /** `exact`: every pin once, in order. `refused`: a typed error. Anything else is a mistake, in a sentence. */
  readonly result: 'exact' | 'refused' | { readonly mistake: string }
  /** Message of the typed error; null without. */
  readonly error: string | null
}

const START_NS = 1_600_000_000_000_000_000n
const SECOND_NS = 1_000_000_000n
const CID = exampleCid(1)

/**
 * Fills a service that nobody knows, by rules and times of chance, and reads all of its pins: page by page, or in one stream.
 *
 * The same seed makes the same history.
 */
export async function readHistory(seed: number): Promise<HistoryOutcome> {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const any = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value
  const rules = Object.fromEntries(
    Object.entries(GRAMMAR).map(([rule, values]) => [rule, any<unknown>(values)]),
  ) as unknown as ServiceRules
  const account = createEmulatedTenant(serviceOf(rules, random), { provider: null })
  const stored = timesByChance(any, below).map((time) =>
    account.store.add({ cid: CID, created: START_NS + time, status: statusByChance(any, below) }),
  )
  const size = any([1, 3, 10, 25, 100])
  const isPaged = below(2) === 0
  const outcome = await attempt(() =>
    isPaged
      ? readInPages(account, ALL, [Math.max(size, Math.ceil(stored.length / 8))])
      : readAtOnce(account, ALL, size),
  )
  return {
    rules,
    pins: stored.length,
    requests: account.requests,
    isPossible: canBeRead(rules, stored),
    result: outcome instanceof PinqlError ? 'refused' : judge(account, outcome),
    error: outcome instanceof PinqlError ? outcome.message : null,
  }
}

/** Instants after the start. Mostly few pins; sometimes hundreds in one instant, or in one second. */
function timesByChance(any: <Value>(values: readonly Value[]) => Value, below: (limit: number) => number): bigint[] {
  const times: bigint[] = []
  for (let groups = any([0, 1, 2, 5, 15, 40]); groups > 0; groups--) {
    const second = BigInt(below(any([2, 30]))) * SECOND_NS
    const at = second + BigInt(below(1000)) * any([0n, 1_000_000n])
    const size = any([1, 1, 1, 1, 1, 2, 5, any([10, 20, 100, 101]), any([1, 99, 500, 900, 950])])
    const spread = any([0n, 0n, 1n, 1_000n, 1_000_000n])
    for (let pin = 0; pin < size; pin++) times.push(at + BigInt(pin) * spread)
    if (times.length > 2_000) break
  }
  return times
}

function statusByChance(any: <Value>(values: readonly Value[]) => Value, below: (limit: number) => number) {
  return below(4) === 0 ? any(PIN_STATUSES) : 'pinned'
}

async function attempt<Value>(read: () => Promise<Value>): Promise<Value | PinqlError> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof PinqlError) return error
    throw error
  }
}

function judge({ store }: EmulatedTenant, read: Awaited<ReturnType<typeof readInPages>>): HistoryOutcome['result'] {
  const ids = new Set(read.map(({ requestId }) => requestId))
  if (ids.size !== read.length) return { mistake: `${read.length - ids.size} pins came twice` }
  if (read.some((pin, index) => index > 0 && comparePositions(read[index - 1] as typeof pin, pin) >= 0))
    return { mistake: 'pins came out of order' }
  const missing = store.all().filter(({ requestId }) => !ids.has(requestId)).length
  return missing === 0 ? 'exact' : { mistake: `${missing} of ${store.all().length} pins are missing` }
}
