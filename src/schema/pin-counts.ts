import type { PinCounts } from '../resolvers/pin-counts.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'
import { toInt } from './int.ts'

export const PinCountsType = builder.objectRef<PinCounts>('PinCounts').implement({
  description:
    'Number of pins of a service by status, as the service counts them. A number is null where it does not count.',
  fields: (t) => ({
    queued: t.int({
      nullable: true,
      description: 'Number of pins that are `QUEUED`.',
      resolve: ({ queued }) => toInt(queued),
    }),
    pinning: t.int({
      nullable: true,
      description: 'Number of pins that are `PINNING`.',
      resolve: ({ pinning }) => toInt(pinning),
    }),
    pinned: t.int({
      nullable: true,
      description: 'Number of pins that are `PINNED`.',
      resolve: ({ pinned }) => toInt(pinned),
    }),
    failed: t.int({
      nullable: true,
      description: 'Number of pins that are `FAILED`.',
      resolve: ({ failed }) => toInt(failed),
    }),
    error: t.field({
      type: ErrorType,
      nullable: true,
      description: 'The reason why the service could not be asked; all four numbers are null then.',
      resolve: ({ error }) => toErrorValue(error),
    }),
  }),
})
