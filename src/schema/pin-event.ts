import type { LiveEvent, PinEventKind } from '../live/live-event.ts'
import {
  isResyncOf,
  pinIdOf,
  pinOf,
  previousStatusOf,
  reasonOf,
  remainingOf,
  replacedIdOf,
  sinceOf,
} from '../resolvers/pin-event.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'
import { PinType } from './pin.ts'
import { PinStatusType } from './pin-status.ts'

export const PinEventKindType = builder.enumType('PinEventKind', {
  description:
    'Kind of an event, and the fields that it sets beside `service`, `seq`, `cursor` and `observedAt`. Kinds that later versions add are sent only to subscriptions that name them in `kinds`.',
  values: {
    SNAPSHOT: {
      description:
        'A pin as it was when the subscription began: `pin`, `remaining`, `isResync`. Each matching pin comes once before all changes.',
    },
    ADDED: {
      description: 'A pin that is new, or has come to match the filter: `pin`.',
    },
    STATUS_CHANGED: {
      description:
        'A pin whose status changed, or its progress or details within the same status: `pin`, `previousStatus`. States in between may be skipped; the last one never is. A pin that no longer matches the filter is reported once more.',
    },
    REPLACED: {
      description:
        'A pin that replaced another one through this gateway: `pin`, `replacedId`. Subscriptions to the old id continue with the new pin.',
    },
    REMOVED: {
      description: 'A pin that is gone: `pinId`. Sent when the service says so of this pin, not when a list lacks it.',
    },
    STALE: {
      description:
        'A service that cannot be read, so that earlier events may be out of date: `error`, `since`. The subscription continues.',
    },
    RESUMED: {
      description: 'A service that can be read again: `since`. What changed meanwhile follows as usual events.',
    },
    CAUGHT_UP: {
      description:
        'Sent instead of a snapshot when no pin matches, or when nothing changed since `after`: `isResync`. It distinguishes "empty" from "still loading".',
    },
  } satisfies Record<PinEventKind, unknown>,
})

export const PinEventType = builder.objectRef<LiveEvent>('PinEvent').implement({
  description: 'An event of a subscription. `kind` says which of the nullable fields are set.',
  fields: (t) => ({
    kind: t.expose('kind', { type: PinEventKindType, description: 'Kind of the event.' }),
    service: t.exposeString('service', { description: 'Name of the service that the event is about.' }),
    pin: t.field({
      type: PinType,
      nullable: true,
      description: 'The pin as of this event. Null for `REMOVED`, and for events about a whole service.',
      resolve: (event) => pinOf(event),
    }),
    pinId: t.id({
      nullable: true,
      description:
        'Global id of the pin. Also set for `REMOVED`, where `pin` is null. Null for events about a whole service.',
      resolve: (event) => pinIdOf(event),
    }),
    previousStatus: t.field({
      type: PinStatusType,
      nullable: true,
      description: '`STATUS_CHANGED`: status before the change.',
      resolve: (event) => previousStatusOf(event),
    }),
    replacedId: t.id({
      nullable: true,
      description: '`REPLACED`: global id of the pin that is gone.',
      resolve: (event) => replacedIdOf(event),
    }),
    remaining: t.int({
      nullable: true,
      description: '`SNAPSHOT`: number of snapshots of the same service that follow; 0 for the last one.',
      resolve: (event) => remainingOf(event),
    }),
    isResync: t.boolean({
      nullable: true,
      description:
        '`SNAPSHOT` and `CAUGHT_UP`: true when `after` was given, but what you missed is no longer known. Forget the pins of this service that the snapshot does not show.',
      resolve: (event) => isResyncOf(event),
    }),
    error: t.field({
      type: ErrorType,
      nullable: true,
      description: '`STALE`: the reason why the service cannot be read.',
      resolve: (event) => toErrorValue(reasonOf(event)),
    }),
    since: t.field({
      type: 'DateTime',
      nullable: true,
      description: '`STALE`: instant of the last good answer. `RESUMED`: the same instant, at which the outage began.',
      resolve: (event) => sinceOf(event),
    }),
    seq: t.exposeInt('seq', {
      description:
        'Number that grows with every change seen per token and service. If two events of one pin cross on their way, the one with the higher number is right.',
    }),
    cursor: t.expose('cursor', {
      type: 'Cursor',
      description:
        'Place of this event: pass it as `after`, with the same arguments, to continue behind it. It works for the same token, for the last 1,000 changes, until the gateway restarts; after that you get a new snapshot. `kinds` may differ.',
    }),
    observedAt: t.field({
      type: 'DateTime',
      description: 'Instant at which the gateway saw the change.',
      resolve: ({ observedAt }) => new Date(observedAt).toISOString(),
    }),
  }),
})
