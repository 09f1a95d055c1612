import type { ListQuery, PinQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/wire.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { LearnedCapabilities } from '../service/learned-capabilities.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'

/** Pins that are read page by page: a tenant's, or those that another reader lets through. */
export interface PinSource {
  /** Configured name of the service. */
  readonly service: string
  /** How the service is known to differ from the specification by now. */
  readonly capabilities: Capabilities
  /** To be taught by what a whole walk shows. */
  readonly known: LearnedCapabilities
  /** Splits a query into as many parts as the service needs for its CIDs. */
  splitQuery(query: PinQuery): PinQuery[]
  /** Reads one page: one `GET /pins`, as the query says. */
  listPins(query: ListQuery, options?: TenantCallOptions): Promise<PinPage>
}
