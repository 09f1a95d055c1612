import {
  type PinStatusChangedArgs,
  type PinsChangedArgs,
  pinStatusChanged,
  pinsChanged,
} from '../resolvers/live-pins.ts'
import { builder } from './builder.ts'
import { PinEventKindType, PinEventType } from './pin-event.ts'
import { PinFilterType } from './pin-filter.ts'

const UntilType = builder.enumType('Until', {
  description: 'End of a subscription.',
  values: {
    SETTLED: {
      value: 'settled',
      description: 'The subscription ends when none of the pins is `QUEUED` or `PINNING` any more.',
    },
    FOREVER: { value: 'forever', description: 'The subscription does not end by itself.' },
  } as const,
})

const AFTER =
  'The `cursor` of the last event you handled: what you missed comes instead of the snapshot. With several services, the others send a snapshot again. Default: a snapshot.'
const KINDS =
  'Kinds of events to get; all others are left out. Default: always the eight kinds of the first version. A kind that is added later is sent only to subscribers that name it.'

builder.subscriptionType({
  description:
    'Live status. Each subscription begins with a snapshot and then reports every change. However many clients subscribe, the gateway polls each service once per token, and only while somebody subscribes. What cannot be cured by a retry, such as a refused token, ends a subscription with an error.',
  fields: (t) => ({
    pinStatusChanged: t.field({
      type: PinEventType,
      description: 'Follows pins by their ids: a snapshot of each, then every change.',
      args: {
        ids: t.arg.idList({
          required: true,
          description:
            'Global ids of the pins, 1 to 250, of any mix of services. To follow more, subscribe several times.',
        }),
        until: t.arg({ type: UntilType, defaultValue: 'settled', description: 'End of the subscription.' }),
        kinds: t.arg({ type: [PinEventKindType], description: KINDS }),
        after: t.arg({ type: 'Cursor', description: AFTER }),
      } satisfies Record<keyof PinStatusChangedArgs, unknown>,
      subscribe: (_root, args, context) => pinStatusChanged(args, context),
      resolve: (event) => event,
    }),
    pinsChanged: t.field({
      type: PinEventType,
      description:
        'Follows all pins that match a filter: a snapshot of each, then the pins that appear, change, are replaced or go. A service that is down sends `STALE`, and the others continue. An unknown service or a refused token ends the subscription.',
      args: {
        services: t.arg.stringList({
          description: "Names of the services to follow. Default: the gateway's default service.",
        }),
        filter: t.arg({
          type: PinFilterType,
          description: 'The pins to follow, at most 10,000 per service. Default: all.',
        }),
        kinds: t.arg({ type: [PinEventKindType], description: KINDS }),
        after: t.arg({ type: 'Cursor', description: AFTER }),
      } satisfies Record<keyof PinsChangedArgs, unknown>,
      subscribe: (_root, args, context) => pinsChanged(args, context),
      resolve: (event) => event,
    }),
  }),
})
