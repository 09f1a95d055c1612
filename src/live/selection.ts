import type { PinRef } from '../domain/pin-id.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'

/** What a subscriber asks to be told of, at one service. */
export type Selection =
  | {
      readonly kind: 'ids'
      /** By request id. */
      readonly refs: ReadonlyMap<string, PinRef>
      /** Whether it ends when none of them is under way any more. */
      readonly untilSettled: boolean
    }
  | { readonly kind: 'query'; readonly query: PinQuery }

/** Equal for subscribers who are to be told the same, whenever each of them ends. */
export function selectionKey(selection: Selection): string {
  return selection.kind === 'query'
    ? JSON.stringify(['query', selection.query])
    : JSON.stringify(['ids', ...[...selection.refs.keys()].sort()])
}
