import { BadRequestError } from '../../domain/errors.ts'
import { SECOND_NS } from '../../domain/instant.ts'
import { PIN_STATUSES, type PinStatus } from '../../domain/pin.ts'
import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { PinSource } from './pin-source.ts'
import { printTime } from './time-unit.ts'

/**
 * Returns whether other lists show that a list that is shorter than requested was not cut, though its times cannot be
 * narrowed.
 *
 * A longer list shows it. So does a list of one pin whose `count` is the length of this list, unless the service stops
 * counting where it cuts lists. That is seen as soon as another list has one more pin and no list a larger `count`.
 *
 * @param list sends one request
 */
export async function isProvenWhole(
  source: PinSource,
  sent: ListQuery,
  page: PinPage,
  list: (sent: ListQuery) => Promise<PinPage>,
): Promise<boolean> {
  const { known } = source
  const tryList = (query: Partial<ListQuery>): Promise<PinPage | null> => {
    // Where only one status can be requested, most services list all statuses if none is.
    const statuses = source.capabilities.multiStatus === false ? [] : PIN_STATUSES
    return list({ statuses, limit: sent.limit, ...query }).catch((error: unknown) => {
      // A service may demand what the specification leaves to choice.
      if (error instanceof BadRequestError) return null
      throw error
    })
  }
  const wasOpen = source.capabilities.multiStatus === null
  let everything = await tryList({})
  if (wasOpen && source.capabilities.multiStatus === false) everything = await tryList({})
  if (!known.looksCut(sent, page)) return true
  const records = recordCount(page)
  if (page.count !== records || (await list({ ...sent, limit: 1 })).count !== records) return false
  if (known.hasHonestCount(page)) return true
  const times = page.pins.map(({ created }) => created.ns).sort((a, b) => (a < b ? -1 : Number(a > b)))
  const [oldest, newest] = [times[0], times.at(-1)]
  if (oldest === undefined || newest === undefined) return false
  const { capabilities } = source
  // Where `before` makes a list shorter, some services count the rest, too.
  if (!known.countsBeyondPages(page) && capabilities.timeFilter !== 'unusable') {
    await tryList({ before: printTime((newest / SECOND_NS) * SECOND_NS, capabilities) })
  }
  if (!known.countsBeyondPages(page)) return false

  const ids = new Set(page.pins.map(({ requestId }) => requestId))
  const hasOthers = (other: PinPage | null): boolean =>
    other === null || other.pins.some(({ requestId }) => !ids.has(requestId))
  if (hasOthers(everything)) return false
  // A service may include its bounds.
  const before = printTime((oldest / SECOND_NS - 1n) * SECOND_NS, capabilities)
  const after = printTime((newest / SECOND_NS + 1n) * SECOND_NS, capabilities)
  for (const query of [...statusParts(page, capabilities.multiStatus), { before }, { after }]) {
    if (hasOthers(await tryList(query))) return false
  }
  return true
}

/** The statuses of a page one by one, if it has several; and those that no pin has, in as few lists as the service needs. */
function statusParts({ pins }: PinPage, multiStatus: boolean | null): { readonly statuses: readonly PinStatus[] }[] {
  const shown = [...new Set(pins.map(({ status }) => status))]
  const others = PIN_STATUSES.filter((status) => !shown.includes(status))
  const alone = [...(shown.length > 1 ? shown : []), ...(multiStatus === true ? [] : others)]
  const parts = alone.map((status) => ({ statuses: [status] }))
  return multiStatus === true && others.length > 0 ? [...parts, { statuses: others }] : parts
}
