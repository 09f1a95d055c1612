import { PIN_STATUSES, type PinStatus } from '../../domain/pin.ts'
import { isPoll } from '../budget/request-class.ts'
import { isUnfiltered, type ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import { type AskForPage, askForMost, type CheckedService, type PageCheck } from './page-check.ts'

/** Milliseconds between two checks of empty lists that no caller waits for. */
const PAUSE_MS = 60_000

/**
 * Finds out whether a service honours several statuses in one list. Some find nothing then, some look at the first only.
 *
 * Called while no answer has shown it. An account without pins can show nothing. So each of its empty lists is checked, one
 * status at a time, but those for live status at most once a minute.
 */
export class SeveralStatusesCheck {
  readonly #service: CheckedService
  /** Clock time of the next check of a list for live status. */
  #checksAgainAt = Number.NEGATIVE_INFINITY

  constructor(service: CheckedService) {
    this.#service = service
  }

  /** @param query for several statuses */
  async check(query: ListQuery, page: PinPage, { ask, class: requestClass, hasPins }: PageCheck): Promise<void> {
    const [first] = page.pins
    if (first !== undefined) return this.#checkFirstOnly(query, first.status, ask)
    if (recordCount(page) > 0) return this.#checkOdd(query, ask)
    const now = this.#service.clock.now()
    if (isPoll(requestClass) && !hasPins && now < this.#checksAgainAt) return
    this.#checksAgainAt = now + PAUSE_MS
    await this.#checkEmpty(query, ask)
  }

  /** Requests a status that has pins between two others. A service that looks at the first or last only, finds none of it. */
  async #checkFirstOnly(query: ListQuery, status: PinStatus, ask: AskForPage): Promise<void> {
    const others = [...query.statuses, ...PIN_STATUSES].filter((other) => other !== status)
    const [first, last] = [others[0], others.find((other) => other !== others[0])] as [PinStatus, PinStatus]
    const has = ({ pins }: PinPage, wanted: PinStatus): boolean => pins.some((pin) => pin.status === wanted)
    const between = { ...query, statuses: [first, status, last] }
    const { sent, page } = await askForMost(between, this.#service.capabilities, ask)
    if (has(page, status)) return
    // Pins of the first may have filled the page. Then they fill it in any order of the statuses.
    const swapped = await ask({ ...sent, statuses: [status, first, last] })
    if (has(swapped, status) && !has(swapped, first)) this.#service.known.observeMultiStatus(false)
  }

  /** Checks a page whose records are no valid pins, so that their statuses are not known. */
  async #checkOdd(query: ListQuery, ask: AskForPage): Promise<void> {
    for (const status of query.statuses) {
      const { pins } = await ask({ ...query, statuses: [status] })
      if (pins.length > 0) return this.#checkFirstOnly(query, status, ask)
    }
  }

  async #checkEmpty(query: ListQuery, ask: AskForPage): Promise<void> {
    const { known } = this.#service
    // Where there are pins of a status in the middle, this answer shows all.
    const several = { statuses: PIN_STATUSES, limit: 1 }
    if (!isUnfiltered(query)) {
      const page = await ask(several)
      const isOpen = this.#service.capabilities.multiStatus === null
      const [any] = page.pins
      if (any !== undefined) return isOpen ? this.#checkFirstOnly(several, any.status, ask) : undefined
      if (recordCount(page) > 0) return this.#checkOdd({ ...several, limit: 100 }, ask)
    }
    // Most pins are pinned.
    for (const status of ['pinned', 'queued', 'pinning', 'failed'] as const) {
      if (recordCount(await ask({ statuses: [status], limit: 1 })) === 0) continue
      // The list of all statuses was empty, but a pin may have been added since, and a wrong lesson would stay.
      if (recordCount(await ask(several)) === 0) known.observeMultiStatus(false)
      return
    }
  }
}
