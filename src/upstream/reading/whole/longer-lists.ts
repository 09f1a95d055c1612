import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import { hasAllStatuses, type ListQuery } from '../../http/list-query.ts'
import type { Capabilities } from '../../providers/capabilities.ts'

/**
 * Returns queries with the same kinds of filters that probably have longer lists, without times: one with the same values, and one with
 * those that most pins have. A longer list shows that a shorter one was not cut.
 *
 * @param pins the pins that a list of everything shows
 */
export function longerLists(sent: ListQuery, pins: readonly Pin[], capabilities: Capabilities): ListQuery[] {
  const withoutTimes = { ...sent, before: undefined, after: undefined }
  const sameValues = { ...withoutTimes, statuses: mostStatuses(sent, pins, capabilities) }
  const cids = topOf(
    pins.map(({ cid }) => cid),
    ({ key }) => key,
  )
  const [name] = topOf(
    pins.flatMap((pin) => pin.name ?? []),
    String,
  )
  const [entry] = topOf(
    pins.flatMap(({ meta }) => Object.entries(meta)),
    String,
  )
  const others = {
    ...sameValues,
    ...(sent.cids && cids.length > 0 && { cids: cids.slice(0, sent.cids.length) }),
    ...(sent.name !== undefined && name !== undefined && { name }),
    ...(sent.meta && entry && { meta: { [entry[0]]: entry[1] } }),
    ...(capabilities.multiStatus !== true && sent.statuses.length === 1 && { statuses: commonest(pins).slice(0, 1) }),
  }
  return JSON.stringify(others) === JSON.stringify(sameValues) ? [sameValues] : [sameValues, others]
}

/** The query's statuses; or all but the rarest, since a list of all statuses is of another kind. */
function mostStatuses(sent: ListQuery, pins: readonly Pin[], { multiStatus }: Capabilities) {
  const { statuses } = sent
  if (multiStatus !== true || hasAllStatuses(sent)) return statuses
  const rarest = commonest(pins).findLast((status) => !statuses.includes(status))
  return PIN_STATUSES.filter((status) => status !== rarest)
}

/** All statuses, that of most pins first. */
function commonest(pins: readonly Pin[]) {
  const shown = topOf(
    pins.map(({ status }) => status),
    String,
  )
  return [...shown, ...PIN_STATUSES.filter((status) => !shown.includes(status))]
}

/** Returns the different values, those that come most often first. */
function topOf<Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] {
  const found = new Map<string, { readonly value: Value; times: number }>()
  for (const value of values) {
    const key = keyOf(value)
    const known = found.get(key)
    if (known) known.times++
    else found.set(key, { value, times: 1 })
  }
  return [...found.values()].sort((a, b) => b.times - a.times).map(({ value }) => value)
}
