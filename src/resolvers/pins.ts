import { parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { parseCursor } from '../domain/pin-cursor.ts'
import { comparePositions } from '../domain/pin-order.ts'
import type { Failure } from '../domain/unexpected-error.ts'
import { LeftOutRecords, PartlyReadError } from '../upstream/reading/lists/left-out.ts'
import { sumOfCounts } from '../upstream/reading/streams/count-pins.ts'
import type { CallerStream, CallerTenant } from './caller-tenant.ts'
import type { GatewayContext } from './context.ts'
import { failureOf, hasFailed, outcomeOf } from './outcome.ts'
import { type PinFilterInput, parsePinFilter } from './pin-filter.ts'
import { parseServiceNames } from './service-names.ts'
import { withinDeadline } from './within-deadline.ts'

export interface PinsArgs {
  readonly services?: readonly string[] | null | undefined
  readonly filter?: PinFilterInput | null | undefined
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
}

/** A page of pins. Edges and cursors are made of the pins when a client selects them. */
export interface PinPageResult {
  readonly nodes: readonly Pin[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  /**
   * Counts the matching pins of all services. Sends nothing before it is called. Costs at most one request per service in most
   * cases, see `countPins`.
   */
  total(): Promise<TotalCount>
  /** One error per service that could not be read while others could, and one per service with records that are no valid pins. */
  readonly warnings: readonly Failure[]
}

/** Number of pins that match. Null when a service does not count, or could not be read. */
interface TotalCount {
  readonly count: number | null
  /** The reason why `count` is null; null too when a service does not count. */
  readonly error: Failure | null
}

/** A stream of one service's pins. A service has one for every ten CIDs of the filter, and one without CIDs. */
interface Source {
  readonly tenant: CallerTenant
  readonly stream: CallerStream
}

const DEFAULT_FIRST = 10
const MAX_FIRST = 1000

/**
 * Reads a page of pins, newest first, merged over services.
 *
 * A page of up to 998 pins costs one request per service in most cases.
 *
 * @throws {BadRequestError} for a malformed argument, before anything is sent
 * @throws a service's error when no service could be read
 */
export async function pins(args: PinsArgs, context: GatewayContext): Promise<PinPageResult> {
  const first = parseFirst(args.first)
  // Generated clients send an empty text for the cursor of the first page.
  const after = args.after ? parseCursor(args.after) : null
  const query = parsePinFilter(args.filter, 'filter', (text, argument) => context.parsed(parseCid, text, argument))
  const names = parseServiceNames(args.services, context)

  const warnings = new Map<string, Failure>()
  const sources = names.flatMap((name) => {
    try {
      const tenant = context.tenant(name)
      const streams = tenant.openStreams(query, { after, expected: first, signal: context.signal })
      return streams.map((stream) => ({ tenant, stream }))
    } catch (error) {
      return warn(name, error)
    }
  })

  /** Notes a service's failure as a warning beside the pins of other services. Throws it when no other service is left. */
  function warn(name: string, error: unknown): never[] {
    if (warnings.size + 1 >= names.length) throw error
    warnings.set(name, failureOf(error, context))
    return []
  }

  async function ask<Value>({ tenant }: Source, question: () => Promise<Value>, fallback: Value): Promise<Value> {
    if (warnings.has(tenant.service)) return fallback
    try {
      // With one service, there are no pins of others that an abort could lose.
      if (names.length === 1) return await question()
      return await withinDeadline(context.signal, tenant.service, question)
    } catch (error) {
      if (!warnings.has(tenant.service)) warn(tenant.service, error)
      return fallback
    }
  }

  /** Merges the sources, newest pin first. If a source fails, the page keeps the pins that it gave before. */
  async function merge(): Promise<Pin[]> {
    const taken: Pin[] = []
    while (taken.length < first) {
      const heads = await Promise.all(sources.map((source) => ask(source, () => source.stream.peek(), null)))
      const next = newest(heads)
      if (next === null) break
      taken.push(heads[next] as Pin)
      sources[next]?.stream.shift()
    }
    return taken
  }

  const [only, another] = sources
  // If the only source fails, `ask` throws, so no page lacks pins that were taken before.
  const nodes = context.own(only && !another ? await ask(only, () => only.stream.take(first), []) : await merge())
  const more = await Promise.all(sources.map((source) => ask(source, () => source.stream.hasMore(), false)))

  return {
    nodes,
    hasNextPage: more.includes(true),
    hasPreviousPage: after !== null,
    total: once(() => countAll(sources, [...warnings.values()], context)),
    warnings: [...warnings.values(), ...leftOutOf(sources)],
  }
}

/** Returns one error per service that listed records which are no valid pins. */
function leftOutOf(sources: readonly Source[]): PartlyReadError[] {
  const byService = new Map<string, LeftOutRecords>()
  for (const { tenant, stream } of sources) {
    if (stream.leftOut.length === 0) continue
    const records = byService.get(tenant.service) ?? new LeftOutRecords()
    records.add(stream.leftOut)
    byService.set(tenant.service, records)
  }
  return [...byService].map(([serviceName, records]) => new PartlyReadError(serviceName, records.all()))
}

/** Returns the index of the newest head; null when all streams have ended. */
function newest(heads: readonly (Pin | null)[]): number | null {
  let best: number | null = null
  heads.forEach((head, index) => {
    const leader = best === null ? null : heads[best]
    if (head && (!leader || comparePositions(head, leader) < 0)) best = index
  })
  return best
}

/**
 * Counts the pins of all services.
 *
 * The answer of a first page has the count already, or shows that there is none. Later pages cost a request per source.
 */
async function countAll(
  sources: readonly Source[],
  [warning]: readonly Failure[],
  context: GatewayContext,
): Promise<TotalCount> {
  if (warning) return { count: null, error: warning }
  const { signal } = context
  const counts = await outcomeOf(context, () =>
    Promise.all(
      sources.map(({ tenant, stream }) =>
        withinDeadline(signal, tenant.service, async () =>
          stream.isUncountable ? null : (stream.count ?? tenant.countPins(stream.query, { signal })),
        ),
      ),
    ),
  )
  if (hasFailed(counts)) return { count: null, error: counts }
  return { count: sumOfCounts(counts), error: null }
}

/** Makes a value once, so that `totalCount` and `totalCountError` share a count. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make()
    return made
  }
}

function parseFirst(first: number | null | undefined): number {
  const value = first ?? DEFAULT_FIRST
  if (value >= 1 && value <= MAX_FIRST) return value
  throw BadRequestError.of('first', `a number from 1 to ${MAX_FIRST}, or null for ${DEFAULT_FIRST}`, value)
}
