import type { RequestedList } from '../../psa/parse-list-query.ts'
import type { PinFilter } from '../store/pin-filter.ts'

const NS_PER_MS = 1_000_000n

/** Translates a request for a list into a filter of the store. */
export function pinFilterOf({ cids, before, after, ...rest }: RequestedList): PinFilter {
  return {
    ...rest,
    cidKeys: cids?.map(({ key }) => key) ?? null,
    // The store knows whole milliseconds. Both bounds are exclusive, so `before` rounds up and `after` rounds down.
    before: before && Number(-floorDiv(-before.ns, NS_PER_MS)),
    after: after && Number(floorDiv(after.ns, NS_PER_MS)),
  }
}

function floorDiv(a: bigint, b: bigint): bigint {
  return a >= 0n ? a / b : -((-a + b - 1n) / b)
}
