import type { RateBudgetFields } from '../resolvers/rate-budget.ts'
import { builder } from './builder.ts'
import { toNearestInt } from './int.ts'

const LimitScopeType = builder.enumType('LimitScope', {
  description: 'Group of requests that a limit counts together.',
  values: {
    ADDRESS: { value: 'address', description: 'All requests from the address of this gateway.' },
    TOKEN: { value: 'token', description: 'All requests with the same token.' },
  } as const,
})

const LimitedEndpointType = builder.enumType('LimitedEndpoint', {
  description: 'Kind of requests that a limit counts.',
  values: {
    LIST: { value: 'list', description: 'Lists of pins: `GET /pins`.' },
    ITEM: { value: 'item', description: 'Single pins: `GET /pins/{requestid}`.' },
    WRITE: { value: 'write', description: 'All changes.' },
    ALL: { value: 'all', description: 'All requests.' },
  } as const,
})

export const RateBudgetType = builder.objectRef<RateBudgetFields>('RateBudget').implement({
  description:
    'A limit of a service on requests, and what is left of it. pinql queues requests so that it is not exceeded.',
  fields: (t) => ({
    limit: t.int({
      description: 'Number of requests that any window of `windowMs` may have.',
      resolve: ({ limit }) => toNearestInt(limit),
    }),
    windowMs: t.int({
      description: 'Length of the window in milliseconds.',
      resolve: ({ windowMs }) => toNearestInt(windowMs),
    }),
    scope: t.expose('scope', { type: LimitScopeType, description: 'Group of requests that are counted together.' }),
    endpoint: t.expose('endpoint', { type: LimitedEndpointType, description: 'Kind of requests that are counted.' }),
    assumed: t.exposeBoolean('assumed', {
      description:
        'True if this limit is a guess of pinql, because the service publishes none. pinql lowers it when the service refuses requests.',
    }),
    remaining: t.int({
      description: 'Requests left in the current window. 0 while the service has asked pinql to pause.',
      resolve: ({ remaining }) => toNearestInt(remaining),
    }),
    resetsAt: t.expose('resetsAt', {
      type: 'DateTime',
      description: 'Instant at which the whole limit is free again, if no more requests are sent.',
    }),
  }),
})
