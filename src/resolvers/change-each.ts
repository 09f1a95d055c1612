import { BadRequestError, PinqlError } from '../domain/errors.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { type Outcome, outcomeOf } from './outcome.ts'

/** Changes of one request in flight at once: enough to hide latency, too few to use up a service's whole limit. */
const CHANGE_CONCURRENCY = 8
export const MAX_CHANGES = 1000

/**
 * Makes many changes. Returns the outcome of each, in the order of the items.
 *
 * More than 1,000 items are not an error of the whole list: each of them is refused, so that the results of the operation's other
 * changes are not lost.
 *
 * @param argument that holds the items, for the error
 * @param prepare checks an item or looks it up. Runs for all items at once, so that lookups share requests
 * @param change sends one change. Runs for eight items at a time, and not for an item whose preparation failed
 */
export async function changeEach<Item, Ready, Result>(
  items: readonly Item[],
  argument: string,
  prepare: (item: Item, index: number) => Ready | Promise<Ready>,
  change: (ready: Ready) => Promise<Result>,
): Promise<Outcome<Result>[]> {
  if (items.length > MAX_CHANGES) {
    const tooMany = BadRequestError.of(argument, `at most ${MAX_CHANGES} items`, `${items.length} items`)
    return items.map(() => tooMany)
  }
  const ready = await Promise.all(items.map((item, index) => outcomeOf(() => prepare(item, index))))
  return mapConcurrently(ready, CHANGE_CONCURRENCY, async (each) =>
    each instanceof PinqlError ? each : outcomeOf(() => change(each)),
  )
}
