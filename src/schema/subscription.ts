import { pinStatusChanged, pinsChanged } from '../resolvers/live-pins.ts'
import { builder } from './builder.ts'
import { PinEventRef } from './pin-event.ts'
import { PinFilterRef } from './pins.ts'

const UntilRef = builder.enumType('Until', {
  description: 'When a subscription ends.',
  values: {
    SETTLED: { value: 'settled', description: 'When none of the pins is queued or pinning any more.' },
    FOREVER: { value: 'forever', description: 'Never by itself.' },
  } as const,
})

const AFTER =
  'The `cursor` of the last event seen: what was missed comes in place of the snapshot. Stock clients need none: a snapshot comes with every start.'

builder.subscriptionType({
  description:
    'Live status. However many subscribe, the gateway polls each service once for all of them, and not at all when nobody does.',
  fields: (t) => ({
    pinStatusChanged: t.field({
      type: PinEventRef,
      description: 'These pins: a snapshot of each, then every change.',
      args: {
        ids: t.arg.idList({
          required: true,
          description: 'Global ids, at most 250, of any mix of services. For more, subscribe again beside it.',
        }),
        until: t.arg({ type: UntilRef, defaultValue: 'settled', description: 'When to end.' }),
        after: t.arg({ type: 'Cursor', description: AFTER }),
      },
      subscribe: (_root, args, context) => pinStatusChanged(args, context),
      resolve: (event) => event,
    }),
    pinsChanged: t.field({
      type: PinEventRef,
      description:
        'Everything of a service that matches: a snapshot of each pin, then those that appear, change, are replaced or go.',
      args: {
        service: t.arg.string({ description: "Name of the service. Default: the gateway's default service." }),
        filter: t.arg({ type: PinFilterRef, description: 'Which pins, at most 10,000. Default: all.' }),
        after: t.arg({ type: 'Cursor', description: AFTER }),
      },
      subscribe: (_root, args, context) => pinsChanged(args, context),
      resolve: (event) => event,
    }),
  }),
})
