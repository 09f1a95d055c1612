import type { Cid } from '../../../domain/cid.ts'
import { PIN_STATUSES, type PinStatus } from '../../../domain/pin.ts'
import { isPoll } from '../../budget/request-class.ts'
import { hasAllStatuses, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import { largestLimit } from '../lists/list-plan.ts'
import type { AskForPage, CheckedAccount, PageCheck } from './page-check.ts'

/** Number of records among which one is looked for first. */
const SAMPLE = 10

/**
 * Finds out whether a service finds all CIDs of a list. Some look at the first or the last only, and some take the list for
 * one text, which no pin has.
 *
 * A page that lacks one of its CIDs starts the check, once per service: a pin that exists must be found as the first CID of the
 * list, and as the last.
 */
export class SeveralCidsCheck {
  readonly #account: CheckedAccount

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /** Returns whether a page may lack pins, since the service may not look at all of its CIDs. */
  isOpen({ cids = [] }: ListQuery, page: PinPage): boolean {
    const { known, capabilities } = this.#account
    const isUnproven = known.isStranger && capabilities.cidFilter === 'exact' && !known.answers.findsSeveralCids
    return isUnproven && cids.length > 1 && cids.some((cid) => !hasRecordOf(page, cid))
  }

  /** Checks a page for which the question is open. It must be requested again if the largest number of CIDs has changed. */
  async check(query: ListQuery, page: PinPage, { ask, class: requestClass, hasPins }: PageCheck): Promise<void> {
    if (isPoll(requestClass) && !hasPins && recordCount(page) === 0) return
    const { cids = [] } = query
    const [shown] = page.pins
    const witness = shown ?? (await this.#findRecord(query, ask))
    if (witness === undefined) return
    const { multiStatus } = this.#account.capabilities
    const statuses = multiStatus === true ? PIN_STATUSES : witness.status ? [witness.status] : query.statuses
    // A list of the same CIDs in another order has the same pins.
    const base: ListQuery = shown ? query : { statuses, limit: query.limit }
    const others = cids.filter(({ key }) => key !== witness.cid.key).slice(0, cids.length - 1)
    for (const [place, arranged] of [
      [cids[0], [witness.cid, ...others]],
      [cids.at(-1), [...others, witness.cid]],
    ] as const) {
      if (place !== undefined && hasRecordOf(page, place)) continue
      if (!(await this.#finds({ ...base, cids: arranged }, witness.cid, ask))) return
    }
    this.#account.known.answers.findsSeveralCids = true
  }

  /** Returns whether a list has pins of a CID. If not, a list of this CID alone shows whether that is because of the others. */
  async #finds(query: ListQuery, cid: Cid, ask: AskForPage): Promise<boolean> {
    for (const statuses of widening(query.statuses)) {
      if (hasRecordOf(await ask({ ...query, statuses }), cid)) return true
      if (hasRecordOf(await ask({ ...query, statuses, cids: [cid] }), cid)) {
        this.#account.known.observeSingleCid()
        return false
      }
    }
    // The pins may be gone.
    return false
  }

  /**
   * Returns any record of the account whose CID is known. A record that is no valid pin is known by a CID of the query. The query's
   * own statuses are requested first, since several may not work.
   */
  async #findRecord({ statuses, cids = [] }: ListQuery, ask: AskForPage): Promise<Witness | undefined> {
    for (const each of widening(statuses)) {
      for (const limit of [SAMPLE, largestLimit(this.#account.capabilities)]) {
        const page = await ask({ statuses: each, limit })
        const [pin] = page.pins
        if (pin !== undefined) return pin
        const cid = cids.find((one) => hasRecordOf(page, one))
        if (cid !== undefined) return { cid }
        // A full list of records that are no valid pins may hide one that is.
        if (recordCount(page) < SAMPLE) break
      }
    }
    return undefined
  }
}

/** A record that must be found by its CID. */
interface Witness {
  readonly cid: Cid
  /** Undefined for a record that is no valid pin. */
  readonly status?: PinStatus
}

/** Some statuses, and then all: where statuses are looked at after the cut, only lists of all of them have each pin. */
function widening(statuses: readonly PinStatus[]): readonly (readonly PinStatus[])[] {
  return hasAllStatuses({ statuses }) ? [statuses] : [statuses, PIN_STATUSES]
}

function hasRecordOf({ pins, leftOut = [] }: PinPage, { key }: Cid): boolean {
  return pins.some(({ cid }) => cid.key === key) || leftOut.some(({ cidKey }) => cidKey === key)
}
