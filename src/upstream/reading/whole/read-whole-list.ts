import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { LeftOut, PinRecords } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { planQuery } from '../lists/list-plan.ts'
import type { PinSource, ReadOptions } from '../pin-source.ts'
import { readAllPins } from './read-all-pins.ts'

/** The capabilities on which depends how a whole list is read. */
const READING_PARTS = [
  'order',
  'timeFilter',
  'honoursAfter',
  'multiStatus',
  'statusFilter',
  'maxCids',
] as const satisfies (keyof Capabilities)[]

/**
 * Reads every pin that the service returns for a query, whatever the order of its lists. Pins may come twice.
 *
 * @returns `isValid` is false if the service's capabilities changed on the way. Then pins may be missing, and the list must
 *   be read again.
 * @throws whatever `readAllPins` throws
 */
export async function readWholeList(
  source: PinSource,
  asked: PinQuery,
  options: ReadOptions,
): Promise<PinRecords & { readonly isValid: boolean }> {
  const before = source.capabilities
  // The largest number of CIDs may have been learned since the query was split.
  const queries = source.splitQuery(asked).map((part) => planQuery(part, before))
  const parts = queries.flatMap((query) => {
    // Reads statuses in the order in which pins go through them. So a pin whose status changes meanwhile is seen at least once.
    const statuses = PIN_STATUSES.filter((status) => query.statuses.includes(status))
    return before.multiStatus === false ? statuses.map((status) => ({ ...query, statuses: [status] })) : [query]
  })
  const pins: Pin[] = []
  const leftOut: LeftOut[] = []
  for (const part of parts) {
    const read = await readAllPins(source, part, options)
    // Not by `push(...)`: a call cannot have a hundred thousand arguments.
    for (const pin of read.pins) pins.push(pin)
    for (const record of read.leftOut ?? []) leftOut.push(record)
  }
  const now = source.capabilities
  return { pins, leftOut, isValid: READING_PARTS.every((part) => now[part] === before[part]) }
}
