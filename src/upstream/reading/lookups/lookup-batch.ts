import { PIN_STATUSES } from '../../../domain/pin.ts'
import type { CallOptions, PinClient } from '../../http/client.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import type { Stop } from '../../waiting/stop.ts'
import { largestLimit } from '../lists/list-plan.ts'
import { cidsThatFit } from '../lists/split-query.ts'
import { type Lookup, LookupGroup } from './lookup-group.ts'
import type { Way } from './lookup-planner.ts'
import type { LookupTurns } from './lookup-turns.ts'

/** Lookups that wait for an answer that is on its way. */
export interface LookupsInFlight {
  readonly lookups: LookupGroup
  /** Clock time at which the first request was sent. Lookups that began later have joined it. */
  readonly sentAt: number
  /** The tenant's generation then. */
  readonly generation: number
  /** Returns whether the answer is one to this lookup, too. */
  answers(lookup: Lookup): boolean
}

/** The lookups of one request, and the request itself. */
export interface LookupBatch extends LookupsInFlight {
  /** The query of a list; undefined for a single pin. */
  readonly query: ListQuery | undefined
  ask(client: PinClient, options: CallOptions): Promise<PinPage>
}

/** The parts of a tenant that a request of its lookups depends on. */
export interface AskedTenant {
  readonly token: string
  readonly capabilities: Capabilities
  /** Grows with every change, so that a lookup never joins a request that was sent before the change. */
  readonly generation: number
  /** Sends one `GET /pins` at once, without waiting for budget. */
  list(client: PinClient, query: ListQuery, options: CallOptions): Promise<PinPage>
}

/** The lookups of a tenant that wait, and their turns. */
export interface WaitingLookups {
  readonly waiting: LookupGroup
  readonly turns: LookupTurns
}

/**
 * Puts a request together from lookups that wait, by turns, and takes them from those that wait.
 *
 * @param request.sentAt clock time of the request, which is now
 * @param request.stop the signal of the request. It is aborted when no lookup of the request waits any more.
 */
export function takeBatch(
  way: Way,
  { waiting, turns }: WaitingLookups,
  tenant: AskedTenant,
  { stop, sentAt }: { readonly stop: Stop; readonly sentAt: number },
): LookupBatch {
  const { generation, capabilities } = tenant
  const lookups = groupOf(stop)
  const requestId = way === 'item' ? lookups.takePin(waiting) : null
  if (requestId !== null) {
    return {
      lookups,
      sentAt,
      generation,
      answers: (lookup) => lookups.has(lookup),
      query: undefined,
      ask: async (client, options) => ({ count: 1, pins: [await client.getPin(requestId, options)] }),
    }
  }
  const cids = way === 'cids' ? cidsThatFit(turns.serve(), capabilities, tenant.token.length) : undefined
  lookups.take(waiting, cids)
  const query = { cids, statuses: PIN_STATUSES, limit: largestLimit(capabilities) }
  const ask = (client: PinClient, options: CallOptions): Promise<PinPage> => tenant.list(client, query, options)
  return { ...inFlight(lookups, sentAt, generation), query, ask }
}

/** Lookups whose answer has all pins of their CIDs. */
export function inFlight(lookups: LookupGroup, sentAt: number, generation: number): LookupsInFlight {
  return { lookups, sentAt, generation, answers: ({ cid }) => lookups.hasCid(cid) }
}

/** Creates the empty group of a request's lookups. Their operations wait for the request, which is aborted when all have left. */
export function groupOf(stop: Stop): LookupGroup {
  const lookups = new LookupGroup(() => stop.abort())
  stop.waiting = lookups
  return lookups
}
