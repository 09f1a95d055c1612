import type { Informers, WatchOptions } from '../../../src/live/informers.ts'
import type { Selection } from '../../../src/live/selection.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import type { Clock } from '../../../src/upstream/waiting/clock.ts'
import type { ModelService } from '../model/model-service.ts'
import type { ToldEvent } from './history-checker.ts'

/** The parts of a history: a service, pinql, and the network between them and their clients. */
export interface HistoryStage extends AsyncDisposable {
  readonly clock: Clock
  readonly upstream: ModelService
  readonly live: Informers
  /** Number of times that each kind of trouble was made. */
  readonly troubles: ReadonlyMap<string, number>
  tenant(token: string): Tenant
  /** Subscribes. */
  open(token: string, selection: Selection, options: WatchOptions): HistoryConnection
  /** Lets time pass on the clock. */
  advance(ms: number): Promise<void>
  /** Trouble on connections, where there are any, from now on. */
  trouble(): void
  /** No more trouble from now on. */
  calm(): Promise<void>
}

/** One subscription, as its subscriber sees it. */
export interface HistoryConnection {
  /**
   * @throws {UnauthorizedError} the token was refused
   * @throws {ConnectionLost} without a word
   */
  next(): Promise<IteratorResult<ToldEvent, undefined>>
  return(): Promise<unknown>
}

/** A connection that broke: its client comes back. */
export class ConnectionLost extends Error {}

/** The name by which the service is configured on every stage. */
export const SERVICE = 'model'
