import { expect, it } from 'vitest'
import { RateLimitedError } from '../../../src/domain/errors.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import type { EventBase, LiveEvent, PinEventKind } from '../../../src/live/live-event.ts'
import * as fields from '../../../src/resolvers/pin-event.ts'

const base: EventBase = { service: 'one', cursor: 'c', seq: 7, observedAt: 0 }
const pin = { service: 'one', requestId: 'r1', cid: { text: 'bafy1' } } as Pin
const replaced = { service: 'one', requestId: 'r0', cid: { text: 'bafy0' } }
const reason = new RateLimitedError('one', 1_000)
const id = formatPinId(pin)

const EVENTS: { readonly [Kind in PinEventKind]: [LiveEvent & { readonly kind: Kind }, object] } = {
  SNAPSHOT: [
    { ...base, kind: 'SNAPSHOT', pin, isResync: false, remaining: 2 },
    { pinOf: pin, pinIdOf: id, isResyncOf: false, remainingOf: 2 },
  ],
  ADDED: [
    { ...base, kind: 'ADDED', pin },
    { pinOf: pin, pinIdOf: id },
  ],
  STATUS_CHANGED: [
    { ...base, kind: 'STATUS_CHANGED', pin, previousStatus: 'queued' },
    { pinOf: pin, pinIdOf: id, previousStatusOf: 'queued' },
  ],
  REPLACED: [
    { ...base, kind: 'REPLACED', pin, isNew: true, replaced },
    { pinOf: pin, pinIdOf: id, replacedIdOf: formatPinId(replaced) },
  ],
  REMOVED: [{ ...base, kind: 'REMOVED', requestId: 'r1', cid: 'bafy1' }, { pinIdOf: id }],
  STALE: [
    { ...base, kind: 'STALE', since: 0, reason },
    { reasonOf: reason, sinceOf: '1970-01-01T00:00:00.000Z' },
  ],
  RESUMED: [{ ...base, kind: 'RESUMED', since: 0 }, { sinceOf: '1970-01-01T00:00:00.000Z' }],
  CAUGHT_UP: [{ ...base, kind: 'CAUGHT_UP', isResync: true }, { isResyncOf: true }],
}

it.each(Object.entries(EVENTS))('%s sets the fields of its kind, and no others', (_kind, [event, expected]) => {
  const shown = Object.entries(fields).map(([name, read]) => [name, read(event)] as const)
  expect(Object.fromEntries(shown.filter(([, value]) => value !== null))).toEqual(expected)
})
