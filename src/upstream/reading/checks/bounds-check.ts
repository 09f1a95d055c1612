import { floorToSecond, SECOND_NS } from '../../../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import { createPinFilter, hasAllStatuses, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount, SharedPage } from '../../http/pin-page.ts'
import { askUnlessRefused } from '../lists/ask-unless-refused.ts'
import { hasAllPins, idsOf } from '../lists/compare-pages.ts'
import { isFull } from '../lists/is-full.ts'
import { isAfterSent } from '../lists/list-plan.ts'
import { timesOf } from '../lists/query-times.ts'
import { printTime } from '../lists/time-unit.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { type AskForPage, askForMost, type CheckedAccount } from './page-check.ts'

/** Number of queries whose oldest pins are remembered. */
const MAX_QUERIES = 100
/** Number of pins that are not listed alone, after which bounds are misread. */
const MOST_LOOKS = 3

/**
 * Finds out whether a stranger misreads `before` or `after` by more than a second, before a list with such a bound is believed.
 *
 * Most lists show it by themselves: they have a pin right behind each bound, as pages that follow another do. For another list, a known
 * pin is requested alone, between the second before it and the second after. A service that does not list it misreads its bounds.
 * They are not sent again then.
 */
export class BoundsCheck {
  readonly #account: CheckedAccount
  readonly #question = new OneAtATime()
  /** By query, without times: time in nanoseconds of the oldest pin of its last list that was whole. */
  readonly #oldest = new Map<string, bigint>()

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /** Returns whether a list with the times of a query has to be checked, unless it shows by itself that they are not misread. */
  isOpen(query: ListQuery): boolean {
    const { known, capabilities } = this.#account
    if (!known.isStranger || capabilities.timeFilter === 'unusable') return false
    const { before, after } = timesOf(query)
    return !known.bounds.areTrusted({ before, after: isAfterSent(capabilities) ? after : null })
  }

  /**
   * Checks the bounds of a list. It costs up to two requests until some list has shown that they are right, or four once they are found
   * to be misread.
   */
  check(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    return this.#question.run(
      () => this.isOpen(query) || this.#isInclusionOpen(query, page),
      async () => {
        if (this.isOpen(query)) await this.#check(query, page, ask)
        if (this.#isInclusionOpen(query, page)) await this.#checkInclusion(query, page, ask)
      },
    )
  }

  /** Remembers the oldest pin of a list without times, if the list is whole. */
  remember(query: ListQuery, page: PinPage): void {
    const { known, capabilities } = this.#account
    if (!known.isStranger || known.bounds.areAllTrusted || query.before !== undefined || query.after !== undefined)
      return
    const oldest = page.pins.reduce<bigint | undefined>(
      (least, { created: { ns } }) => (least === undefined || ns < least ? ns : least),
      undefined,
    )
    if (oldest === undefined || page.looksCut || isFull(query, page, capabilities)) return
    const key = keyOf(query)
    this.#oldest.delete(key)
    this.#oldest.set(key, oldest)
    const [first] = this.#oldest.keys()
    if (this.#oldest.size > MAX_QUERIES && first !== undefined) this.#oldest.delete(first)
  }

  /**
   * Requests a list that ends before all pins that are known, together with the oldest of these. So the list shows by itself that the
   * service does not misread its bounds. If it does not show it, or may have been cut, the list is requested as it is.
   *
   * The first request is sent at once, since `ListTurns` counts on it.
   */
  askFirst(query: ListQuery, ask: AskForPage): Promise<PinPage> {
    const { before } = timesOf(query)
    const oldest = before !== null && this.isOpen(query) ? this.#oldest.get(keyOf(query)) : undefined
    return before === null || oldest === undefined || oldest < before
      ? ask(query)
      : this.#askWithOldest(oldest, before, query, ask)
  }

  async #askWithOldest(oldest: bigint, before: bigint, query: ListQuery, ask: AskForPage): Promise<PinPage> {
    const { capabilities } = this.#account
    const sent = { ...query, before: printTime(floorToSecond(oldest) + SECOND_NS, capabilities) }
    const page = await ask(sent)
    if (this.isOpen(query) || page.looksCut || isFull(sent, page, this.#account.capabilities)) return ask(query)
    return new SharedPage(
      null,
      page.pins.filter(({ created }) => created.ns < before),
      page.leftOut,
    )
  }

  /** Returns whether it is open if a list that has a pin at a bound has all pins of its time. */
  #isInclusionOpen(query: ListQuery, page: PinPage): boolean {
    const { known, capabilities } = this.#account
    if (known.includesBounds || known.bounds.areInclusive === false || capabilities.timeFilter === 'unusable')
      return false
    return pinsAtBounds(query, page).length > 0
  }

  /**
   * Requests what lies at a bound and nowhere else. A service that compares exact times, and prints them rounded to the nearest second,
   * does not list the same pins then.
   */
  async #checkInclusion(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    const { known, capabilities } = this.#account
    const [pin] = pinsAtBounds(query, page)
    if (pin === undefined || !isAfterSent(capabilities)) return
    const { ns } = pin.created
    const bound = printTime(ns, capabilities)
    const list = await askUnlessRefused({ ...query, before: bound, after: bound }, ask)
    const ofBound = page.pins.filter(({ created }) => created.ns === ns)
    // A list that is cut need not have the same ones.
    const isSame = list !== null && (hasAllPins(list, ofBound) || recordCount(list) >= recordCount(page))
    known.bounds.areInclusive = isSame
  }

  /** Requests a list, and checks its bounds. */
  async ask(query: ListQuery, ask: AskForPage): Promise<PinPage> {
    const page = await ask(query)
    await this.check(query, page, ask)
    return page
  }

  async #check(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    const shown = this.#witnessIn(page.pins)
    if (shown !== undefined) return this.#look(shown, query, query, ask)
    const { sent, page: others } = await askForMost(withoutTimes(query), this.#account.capabilities, ask)
    const ids = idsOf(page.pins)
    const lacking = others.pins.filter(createPinFilter(query)).filter(({ requestId }) => !ids.has(requestId))
    const witness = this.#witnessIn(lacking) ?? this.#witnessIn(others.pins) ?? lacking[0]
    if (witness !== undefined) await this.#look(witness, query, sent, ask)
  }

  /** Returns a pin that would show that bounds are not misread. One in the middle, since the newest may be missing in replicas. */
  #witnessIn(pins: readonly Pin[]): Pin | undefined {
    const { bounds } = this.#account.known
    const able = pins.filter(({ created }) => bounds.wouldTrust(created.ns, this.#around(created.ns)))
    return able[able.length >> 1]
  }

  /** The bounds in whole seconds between which a pin is requested, however the service rounds them to seconds, and its own times. */
  #around(ns: bigint) {
    const second = floorToSecond(ns)
    return { before: second + SECOND_NS, after: isAfterSent(this.#account.capabilities) ? second - SECOND_NS : null }
  }

  /**
   * Requests a pin alone. If it is not listed, a list that shows it again proves that it was not gone. Of a cut list that has other pins
   * each time, several are requested.
   *
   * @param source query of a list that had the pin
   */
  async #look(first: Pin, query: ListQuery, source: ListQuery, ask: AskForPage): Promise<void> {
    const { known } = this.#account
    let pin: Pin | undefined = first
    for (let looks = 1; pin !== undefined; looks++) {
      const isHidden = await this.#isHidden(pin, query, ask)
      if (isHidden === false) return
      // Lists in no order, of a service that ignores `after`, may lack any pin. There, `before` does not help much.
      if (isHidden === null) return known.observeMisreadBounds('nothing shows that `before` hides no pins')
      const { requestId } = pin
      const again: PinPage = await ask(source)
      if (looks === MOST_LOOKS || again.pins.some((each) => each.requestId === requestId))
        return known.observeMisreadBounds('a list lacked a pin that lies between the times asked for')
      pin = this.#witnessIn(again.pins)
    }
  }

  /**
   * Returns whether a pin is missing in the list of its second. If statuses are looked at after the cut, only a list of all shows that.
   * Null: the lists show nothing.
   */
  async #isHidden(pin: Pin, query: ListQuery, ask: AskForPage): Promise<boolean | null> {
    const { before, after } = this.#around(pin.created.ns)
    const print = (ns: bigint): string => printTime(ns, this.#account.capabilities)
    const sent = { ...query, before: print(before), after: after === null ? undefined : print(after) }
    const lacks = async (list: ListQuery): Promise<boolean | null> => {
      const page = await ask(list)
      return this.isOpen(sent) && this.#lacks(page, list, pin)
    }
    const isLacking = await lacks(sent)
    return isLacking === false || hasAllStatuses(sent) ? isLacking : lacks({ ...sent, statuses: PIN_STATUSES })
  }

  /** Returns whether a list from the second of a pin on has no pins of that second. Without `after`, it has older ones, too. */
  #lacks(page: PinPage, sent: ListQuery, pin: Pin): boolean | null {
    if (sent.after !== undefined || recordCount(page) === 0) return recordCount(page) === 0
    if (hasAllPins(page, [pin])) return false
    const { proofs, capabilities } = this.#account
    const isSorted = capabilities.order === 'newest-first' && proofs.isOrderProven(sent)
    return isSorted || (!page.looksCut && !isFull(sent, page, capabilities)) || null
  }
}

/** Returns the pins of a page that are listed with the time of one of its bounds. */
function pinsAtBounds(query: ListQuery, { pins }: PinPage): readonly Pin[] {
  const { before, after } = timesOf(query)
  return pins.filter(({ created: { ns } }) => ns === before || ns === after)
}

function withoutTimes(query: ListQuery): ListQuery {
  return { ...query, before: undefined, after: undefined }
}

function keyOf(query: ListQuery): string {
  return JSON.stringify({ ...withoutTimes(query), limit: undefined })
}
