import { isSettled, type Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { PinQuery } from '../upstream/list-query.ts'
import type { LiveEvent } from './live-event.ts'

/** What a subscriber asks to be told of, at one service. */
export type Selection =
  | {
      readonly kind: 'ids'
      readonly refs: ReadonlyMap<string, PinRef>
      /** Whether it ends when none of them is under way any more. */
      readonly untilSettled: boolean
    }
  | { readonly kind: 'query'; readonly query: PinQuery; readonly matches: (pin: Pin) => boolean }

/** Equal selections need the same pins, so that the second costs nothing. */
export function selectionKey(selection: Selection): string {
  if (selection.kind === 'query') return JSON.stringify(selection.query)
  return JSON.stringify([...selection.refs.keys()].sort())
}

/** Whether a pin is among those asked for. */
export function isSelected(selection: Selection, pin: Pin): boolean {
  return selection.kind === 'ids' ? selection.refs.has(pin.requestId) : selection.matches(pin)
}

/** Whether a subscriber wants an event; changes away from a filter count, so that the last state is never missed. */
export function wantsEvent(selection: Selection, event: LiveEvent, previous: Pin | null): boolean {
  switch (event.type) {
    case 'LiveStale':
    case 'LiveResumed':
      return true
    case 'PinRemoved':
      return selection.kind === 'ids'
        ? selection.refs.has(event.requestId)
        : previous !== null && selection.matches(previous)
    case 'PinReplaced':
      return isSelected(selection, event.pin) || isSelected(selection, event.replaced)
    default:
      return isSelected(selection, event.pin) || (previous !== null && isSelected(selection, previous))
  }
}

/** Whether nothing more is expected for a subscriber: all its pins have settled or are gone. */
export function isOver(selection: Selection, find: (requestId: string) => Pin | undefined): boolean {
  if (selection.kind === 'query' || !selection.untilSettled) return false
  return [...selection.refs.keys()].every((requestId) => {
    const pin = find(requestId)
    return pin === undefined || isSettled(pin.status)
  })
}
