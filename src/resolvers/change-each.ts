import { BadRequestError } from '../domain/errors.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { type FailureMaker, hasFailed, type Outcome, outcomeOf } from './outcome.ts'

/** Changes of one request in flight at once: enough to hide latency, too few to use up a service's whole limit. */
const CHANGE_CONCURRENCY = 8
export const MAX_CHANGES = 1000

/**
 * Makes many changes. Returns the outcome of each, in the order of the items. A bug in one of them is the outcome of that one.
 *
 * More than 1,000 items are one error of the whole list. The server refuses such an operation before it runs, so that nothing else in
 * it is done or lost.
 *
 * @param argument that holds the items, for the error
 * @param prepare checks an item or looks it up. Runs for all items at once, so that lookups share requests
 * @param change sends one change. Runs for eight items at a time, and not for an item whose preparation failed
 * @throws {BadRequestError} for more than 1,000 items
 */
export async function changeEach<Item, Ready, Result>(
  items: readonly Item[],
  argument: string,
  context: FailureMaker,
  prepare: (item: Item, index: number) => Ready | Promise<Ready>,
  change: (ready: Ready) => Promise<Result>,
): Promise<Outcome<Result>[]> {
  if (items.length > MAX_CHANGES) {
    throw BadRequestError.of(argument, `at most ${MAX_CHANGES} items`, `${items.length} items`)
  }
  const ready = await Promise.all(items.map((item, index) => outcomeOf(context, () => prepare(item, index))))
  return mapConcurrently(ready, CHANGE_CONCURRENCY, async (each) =>
    hasFailed(each) ? each : outcomeOf(context, () => change(each)),
  )
}
