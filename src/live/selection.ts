import type { PinRef } from '../domain/pin-id.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'

/** The pins that a subscription follows at one service. */
export type Selection =
  | {
      readonly kind: 'ids'
      /** By request id. */
      readonly refs: ReadonlyMap<string, PinRef>
      /** True when the subscription ends as soon as all of them have settled. */
      readonly untilSettled: boolean
    }
  | { readonly kind: 'query'; readonly query: PinQuery }

/** Returns a key that is equal for selections of the same pins. `untilSettled` is left out: it changes no event. */
export function selectionKey(selection: Selection): string {
  return selection.kind === 'query'
    ? JSON.stringify(['query', selection.query])
    : JSON.stringify(['ids', ...[...selection.refs.keys()].sort()])
}
