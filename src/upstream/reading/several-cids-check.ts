import type { Cid } from '../../domain/cid.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../domain/pin.ts'
import { isPoll } from '../budget/request-class.ts'
import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { AskForPage, CheckedService, PageCheck } from './page-check.ts'

/**
 * Finds out whether a service finds all CIDs of a list. Some look at the first or the last only, and some take the list for
 * one text, which no pin has.
 *
 * A page that lacks one of its CIDs starts the check, once per service: a pin that exists must be found as the first CID of the
 * list, and as the last.
 */
export class SeveralCidsCheck {
  readonly #service: CheckedService

  constructor(service: CheckedService) {
    this.#service = service
  }

  /** Returns whether a page may lack pins, since the service may not look at all of its CIDs. */
  isOpen({ cids = [] }: ListQuery, page: PinPage): boolean {
    const { known, capabilities } = this.#service
    const isUnproven = known.isStranger && capabilities.cidFilter === 'exact' && !known.answers.findsSeveralCids
    return isUnproven && cids.length > 1 && cids.some((cid) => !hasPinOf(page, cid))
  }

  /** Checks a page for which the question is open. It must be requested again if the largest number of CIDs has changed. */
  async check(query: ListQuery, page: PinPage, { ask, class: requestClass, hasPins }: PageCheck): Promise<void> {
    if (isPoll(requestClass) && !hasPins && recordCount(page) === 0) return
    const { cids = [] } = query
    const [shown] = page.pins
    const witness = shown ?? (await this.#findPin(query.statuses, ask))
    if (witness === undefined) return
    const { multiStatus } = this.#service.capabilities
    const statuses = multiStatus === true ? PIN_STATUSES : [witness.status]
    // A list of the same CIDs in another order has the same pins.
    const base: ListQuery = shown ? query : { statuses, limit: query.limit }
    const others = cids.filter(({ key }) => key !== witness.cid.key).slice(0, cids.length - 1)
    for (const [place, arranged] of [
      [cids[0], [witness.cid, ...others]],
      [cids.at(-1), [...others, witness.cid]],
    ] as const) {
      if (place !== undefined && hasPinOf(page, place)) continue
      if (!(await this.#finds({ ...base, cids: arranged }, witness.cid, ask))) return
    }
    this.#service.known.answers.findsSeveralCids = true
  }

  /** Returns whether a list has pins of a CID. If not, a list of this CID alone shows whether that is because of the others. */
  async #finds(query: ListQuery, cid: Cid, ask: AskForPage): Promise<boolean> {
    // Where statuses are looked at after the cut, only lists of all of them have the pin.
    for (const statuses of new Set([query.statuses, PIN_STATUSES])) {
      if (hasPinOf(await ask({ ...query, statuses }), cid)) return true
      if (hasPinOf(await ask({ ...query, statuses, cids: [cid] }), cid)) {
        this.#service.known.observeSingleCid()
        return false
      }
    }
    // The pins may be gone.
    return false
  }

  /** Returns any pin of the account. The query's own statuses are requested first, since several may not work. */
  async #findPin(statuses: readonly PinStatus[], ask: AskForPage): Promise<Pin | undefined> {
    const limit = 10
    const [pin] = (await ask({ statuses, limit })).pins
    if (pin !== undefined || statuses.length === PIN_STATUSES.length) return pin
    // Statuses may be looked at after the cut.
    return (await ask({ statuses: PIN_STATUSES, limit })).pins[0]
  }
}

function hasPinOf({ pins }: PinPage, { key }: Cid): boolean {
  return pins.some(({ cid }) => cid.key === key)
}
