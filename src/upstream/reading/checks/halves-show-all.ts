import { SECOND_NS } from '../../../domain/instant.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { hasAllPins } from '../lists/compare-pages.ts'
import { isAfterSent } from '../lists/list-plan.ts'
import { printTime } from '../lists/time-unit.ts'
import type { AskForPage } from './page-check.ts'

/**
 * Returns whether two lists of earlier and of later times show that a list was not cut: each is shorter, and neither has a pin that the
 * list lacks. A service that cuts lists at the length of this one would have shown in them what it lacks.
 *
 * The two overlap by two seconds, so that no pin is between them, whether or not bounds are included or rounded.
 */
export async function halvesShowAll(
  sent: ListQuery,
  page: PinPage,
  capabilities: Capabilities,
  ask: AskForPage,
): Promise<boolean> {
  const times = page.pins.map(({ created }) => created.ns).sort((a, b) => (a < b ? -1 : Number(a > b)))
  const middle = times[times.length >> 1]
  if (middle === undefined || !isAfterSent(capabilities)) return false
  const second = (middle / SECOND_NS) * SECOND_NS
  const before = printTime(second + SECOND_NS, capabilities)
  const after = printTime(second - SECOND_NS, capabilities)
  const shown: Pin[] = []
  for (const bound of [{ before }, { after }]) {
    const half = await ask({ ...sent, ...bound })
    if (recordCount(half) >= recordCount(page) || half.leftOut !== undefined || !hasAllPins(page, half.pins))
      return false
    shown.push(...half.pins)
  }
  // Bounds that are rounded to more than a second leave out the times in the middle.
  return hasAllPins({ count: null, pins: shown }, page.pins)
}
