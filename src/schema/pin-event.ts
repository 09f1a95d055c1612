import { formatPinId } from '../domain/pin-id.ts'
import type { LiveEvent } from '../live/live-event.ts'
import { builder } from './builder.ts'
import { ErrorRef } from './error-types.ts'
import { PinRef } from './pin.ts'
import { PinStatusRef } from './pin-status.ts'

const PLACE =
  'Grows with every change seen for the same token at the same service. Keep the event with the highest number of each pin.'
const CURSOR =
  'Hand it back as `after`, with the same arguments, to go on behind this event. Bound to the token and to what was asked for; good for the last 1,000 changes.'

type Of<Type extends LiveEvent['type']> = Extract<LiveEvent, { type: Type }>

/** What all events have; each type exposes the same four fields. */
const LiveEventRef = builder.interfaceRef<LiveEvent>('LiveEvent').implement({
  description: 'Anything that live status tells.',
  fields: (t) => ({
    seq: t.exposeInt('seq', { description: PLACE }),
    cursor: t.expose('cursor', { type: 'Cursor', description: CURSOR }),
    observedAt: t.field({
      type: 'DateTime',
      description: 'When the gateway saw it.',
      resolve: ({ observedAt }) => new Date(observedAt).toISOString(),
    }),
  }),
})

const PinSnapshotRef = builder.objectRef<Of<'PinSnapshot'>>('PinSnapshot').implement({
  description: 'How a pin was when the subscription began. One for every pin asked for comes before all changes.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    pin: t.expose('pin', { type: PinRef, description: 'The pin as it was then.' }),
    remaining: t.exposeInt('remaining', {
      description: 'How many more snapshots of the same service follow; 0 with the last.',
    }),
    isResync: t.exposeBoolean('isResync', {
      description:
        'True when `after` was given, but what was missed is no longer known: pins that do not show up are gone.',
    }),
  }),
})

const PinAddedRef = builder.objectRef<Of<'PinAdded'>>('PinAdded').implement({
  description: 'A pin that was not there before.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    pin: t.expose('pin', {
      type: PinRef,
      description: 'The new pin as it is by now. It may have been told of before.',
    }),
  }),
})

const PinStatusChangeRef = builder.objectRef<Of<'PinStatusChange'>>('PinStatusChange').implement({
  description:
    'A pin whose status changed, or its progress or details with the same status. States in between may be skipped; the last never is.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    pin: t.expose('pin', { type: PinRef, description: 'The pin as it is now.' }),
    previousStatus: t.expose('previousStatus', { type: PinStatusRef, description: 'Its status before.' }),
  }),
})

const PinReplacedRef = builder.objectRef<Of<'PinReplaced'>>('PinReplaced').implement({
  description:
    'A pin that took the place of another, by a replacement through this gateway. Who asked for the old one by its id goes on to be told of the new one.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    pin: t.expose('pin', { type: PinRef, description: 'The new pin.' }),
    replacedId: t.id({
      description: 'Global id of the pin that is gone.',
      resolve: ({ replaced }) => formatPinId(replaced),
    }),
  }),
})

const PinRemovedRef = builder.objectRef<Of<'PinRemoved'>>('PinRemoved').implement({
  description:
    'A pin that is no longer there. Told only when the service says so of this very pin, not when a list lacks it.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    id: t.id({
      description: 'Global id of the pin that is gone.',
      resolve: ({ service, requestId, cid }) => formatPinId({ service, requestId, cid: { text: cid } }),
    }),
  }),
})

const LiveStaleRef = builder.objectRef<Of<'LiveStale'>>('LiveStale').implement({
  description: 'The service cannot be asked: what was told before may no longer hold. The subscription goes on.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: 'Configured name of the service.' }),
    since: t.field({
      type: 'DateTime',
      description: 'When it last answered.',
      resolve: ({ since }) => new Date(since).toISOString(),
    }),
    reason: t.expose('reason', { type: ErrorRef, description: 'Why it cannot be asked.' }),
  }),
})

const LiveResumedRef = builder.objectRef<Of<'LiveResumed'>>('LiveResumed').implement({
  description: 'The service answers again. What changed meanwhile is told as changes.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: 'Configured name of the service.' }),
    since: t.field({
      type: 'DateTime',
      description: 'Since when it could not be asked.',
      resolve: ({ since }) => new Date(since).toISOString(),
    }),
  }),
})

const LiveCaughtUpRef = builder.objectRef<Of<'LiveCaughtUp'>>('LiveCaughtUp').implement({
  description:
    'Nothing to begin with: no pin to show or, with `after`, nothing was missed. In place of the snapshot, so that an empty one can be told from one under way.',
  interfaces: [LiveEventRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: 'Configured name of the service.' }),
    isResync: t.exposeBoolean('isResync', {
      description:
        'True when `after` was given, but what was missed is no longer known: all pins known before are gone.',
    }),
  }),
})

export const PinEventRef = builder.unionType('PinEvent', {
  description: 'What a subscription tells of pins.',
  types: [
    PinSnapshotRef,
    PinAddedRef,
    PinStatusChangeRef,
    PinReplacedRef,
    PinRemovedRef,
    LiveStaleRef,
    LiveResumedRef,
    LiveCaughtUpRef,
  ],
  resolveType: ({ type }) => type,
})
