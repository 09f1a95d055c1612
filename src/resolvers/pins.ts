import { BadRequestError, PinqlError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { parseCursor } from '../domain/pin-cursor.ts'
import { comparePositions } from '../domain/pin-order.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'
import { countPins } from '../upstream/reading/count-pins.ts'
import { PinStream } from '../upstream/reading/pin-stream.ts'
import type { StopSignal } from '../upstream/stop.ts'
import type { Tenant } from '../upstream/tenant/tenant.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { type PinFilterInput, parsePinFilter } from './pin-filter.ts'
import { serviceNames } from './service-names.ts'
import { settle } from './settle.ts'

export interface PinsArgs {
  readonly services?: readonly string[] | null | undefined
  readonly filter?: PinFilterInput | null | undefined
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
}

/** A page of pins. Edges and cursors follow from the pins, and are made only where a client selects them. */
export interface PinPageResult {
  readonly nodes: readonly Pin[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  /** Counts the pins that match at all services. Costs requests only when it is called, and not always then. */
  total(): Promise<TotalCount>
  /** The services that could not be read, when others could. */
  readonly warnings: readonly PinqlError[]
}

/** Number of pins that match; null where a service does not count, or could not be asked. */
export interface TotalCount {
  readonly count: number | null
  /** The reason why the number is null; null where a service just does not count. */
  readonly error: PinqlError | null
}

/** One service's part of the answer: a stream for every ten CIDs of the filter, or just one. */
interface Source {
  readonly tenant: Tenant
  readonly query: PinQuery
  readonly stream: PinStream
}

const DEFAULT_FIRST = 10
const MAX_FIRST = 1000

/**
 * A page of pins, newest first, merged over services.
 *
 * One request a service for a page of up to 998 pins.
 *
 * @throws {BadRequestError} for arguments that do not fit, before anything is sent
 * @throws the service's error when no service could be read
 */
export async function pins(args: PinsArgs, context: GatewayContext): Promise<PinPageResult> {
  const first = parseFirst(args.first)
  // Generated clients send an empty text for the cursor of the first page.
  const after = args.after ? parseCursor(args.after) : null
  const query = parsePinFilter(args.filter)
  const names = serviceNames(args.services, context)

  const warnings = new Map<string, PinqlError>()
  const sources = names.flatMap((name) => {
    try {
      return openSources(context.tenant(name), query, { after, expected: first, signal: context.signal })
    } catch (error) {
      return warn(name, error)
    }
  })

  /** The only service's failure is the field's; one of several is a warning beside the others' pins. */
  function warn(name: string, error: unknown): never[] {
    if (!(error instanceof PinqlError) || warnings.size + 1 >= names.length) throw error
    warnings.set(name, error)
    return []
  }

  async function ask<Value>({ tenant }: Source, question: () => Promise<Value>, fallback: Value): Promise<Value> {
    if (warnings.has(tenant.service)) return fallback
    try {
      // Where no other service was asked, nothing is lost by an abort.
      if (names.length === 1) return await question()
      return await inTime(context.signal, () => unanswered(tenant.service), question)
    } catch (error) {
      if (!warnings.has(tenant.service)) warn(tenant.service, error)
      return fallback
    }
  }

  /** Merges the sources, newest pin first. If a source fails, the page keeps the pins that came from it before. */
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
  // If the only source fails, `ask` throws. So there is no page that would lack the pins taken before.
  const nodes = context.own(only && !another ? await ask(only, () => only.stream.take(first), []) : await merge())
  const more = await Promise.all(sources.map((source) => ask(source, () => source.stream.hasMore(), false)))

  return {
    nodes,
    hasNextPage: more.includes(true),
    hasPreviousPage: after !== null,
    total: once(() => countAll(sources, [...warnings.values()], context.signal)),
    warnings: [...warnings.values()],
  }
}

function openSources(tenant: Tenant, query: PinQuery, options: ConstructorParameters<typeof PinStream>[2]): Source[] {
  return tenant.splitQuery(query).map((part) => ({ tenant, query: part, stream: new PinStream(tenant, part, options) }))
}

/** Index of the first in order, or null when all streams have ended. */
function newest(heads: readonly (Pin | null)[]): number | null {
  let best: number | null = null
  heads.forEach((head, index) => {
    const leader = best === null ? null : heads[best]
    if (head && (!leader || comparePositions(head, leader) < 0)) best = index
  })
  return best
}

/** Counts at all services. A first page's answer has the count already, or that there is none; later pages ask for it. */
async function countAll(
  sources: readonly Source[],
  [warning]: readonly PinqlError[],
  signal: StopSignal,
): Promise<TotalCount> {
  if (warning) return { count: null, error: warning }
  const counts = await settle(() =>
    Promise.all(
      sources.map(({ tenant, query, stream }) =>
        inTime(
          signal,
          () => unanswered(tenant.service),
          async () => (stream.isUncountable ? null : (stream.count ?? countPins(tenant, query, { signal }))),
        ),
      ),
    ),
  )
  if (counts instanceof PinqlError) return { count: null, error: counts }
  return { count: counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0), error: null }
}

/** Shares one count between `totalCount` and `totalCountError`. */
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
