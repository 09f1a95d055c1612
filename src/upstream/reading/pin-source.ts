import type { PinRoom } from '../../domain/pin-room.ts'
import type { ListQuery, PinQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/pin-page.ts'
import type { LearnedCapabilities } from '../learning/learned-capabilities.ts'
import type { ListProofs } from '../learning/list-proofs.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'

/** The part of {@link LearnedCapabilities} that streams and whole reads of lists use. */
type ListLessons = Pick<
  LearnedCapabilities,
  | 'answers'
  | 'bounds'
  | 'includesBounds'
  | 'isStranger'
  | 'observeLargerPage'
  | 'observeLargestLimit'
  | 'observeRoundedTime'
  | 'observeWrongCount'
>

/** Options of one list. */
export interface ListOptions extends TenantCallOptions {
  /** True if the caller relies on the order of a page that was cut. Then `PinPage.wholeAfter` says how far. Default: false. */
  readonly isWalk?: boolean
}

/** Options of a read that may need several lists. */
export interface ReadOptions extends TenantCallOptions {
  /** Called before each list is requested. If it throws, the list is not requested, and the read fails with its error. */
  readonly onList?: (() => void) | undefined
}

/** One token's lists, which can be read page by page. */
export interface PinSource {
  /** Configured name of the service. */
  readonly service: string
  /** The service's capabilities, as far as known now. */
  readonly capabilities: Capabilities
  /** The memory for the pins of all reads that may be long. */
  readonly room: PinRoom
  /** Gets the lessons that only several pages together can teach. */
  readonly known: ListLessons
  /** The proofs that excuse pages of this source from checks. */
  readonly proofs: Pick<
    ListProofs,
    'areRunsMixed' | 'countsBeyondPages' | 'hasPlausibleCount' | 'hasHonestCount' | 'looksCut'
  >
  /** Splits a query into as many parts as the service needs for its CIDs. */
  splitQuery(query: PinQuery): PinQuery[]
  /** Reads one page. The query is sent unchanged. One `GET /pins`; at an unknown service more, see `StrangerChecks`. */
  listPins(query: ListQuery, options?: ListOptions): Promise<PinPage>
}
