import type { RequestClass } from '../../budget/request-class.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import type { LearnedCapabilities } from '../../learning/learned-capabilities.ts'
import type { ListProofs } from '../../learning/list-proofs.ts'
import type { TokenRefusals } from '../../learning/token-refusals.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import type { Clock } from '../../waiting/clock.ts'
import { largestLimit } from '../lists/list-plan.ts'

/** Sends one `GET /pins`. The answer teaches what it shows, and nothing is checked about it. */
export type AskForPage = (query: ListQuery) => Promise<PinPage>

/** One token's account at a service, whose pages are checked. */
export interface CheckedAccount {
  /** Configured name of the service. */
  readonly service: string
  readonly capabilities: Capabilities
  readonly known: LearnedCapabilities
  readonly proofs: ListProofs
  /** The parts of lists that are refused to this token. `capabilities` contains them. */
  readonly refusals: TokenRefusals
  readonly clock: Clock
  /** Grows with every change of the token. */
  readonly generation: number
}

/** The lists in progress beside one whose page is checked. Only those count that may have to be checked themselves. */
export interface OtherLists {
  count(): number
  /** Returns whether the budget has room at once for a check of each list. */
  haveRoom(): boolean
  /** Returns whether any of them has not begun, since the budget has no room. */
  areWaiting(): boolean
}

/** For a list whose checks are not shared with other lists. */
export const NO_OTHER_LISTS: OtherLists = { count: () => 0, haveRoom: () => true, areWaiting: () => false }

/** The circumstances of a page that is checked. */
export interface PageCheck {
  readonly ask: AskForPage
  readonly class: RequestClass
  /** True if the order of the page is relied on, should it be cut. */
  readonly isWalk: boolean
  /** True if the account is known to have pins. */
  readonly hasPins: boolean
  /** Clock time when the list began. */
  readonly askedAt: number
  /** The other lists in progress. */
  readonly others: OtherLists
}

/** A page that is checked. */
export interface CheckedPage {
  readonly query: ListQuery
  readonly page: PinPage
  readonly check: PageCheck
}

/** Requests as many pins as a list may have. */
export async function askForMost(
  query: ListQuery,
  capabilities: Capabilities,
  ask: AskForPage,
): Promise<{ readonly sent: ListQuery; readonly page: PinPage }> {
  const sent = { ...query, limit: Math.max(query.limit, largestLimit(capabilities)) }
  return { sent, page: await ask(sent) }
}
