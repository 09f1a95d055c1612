import type { RateBudgetNow } from '../resolvers/rate-budgets.ts'
import { builder } from './builder.ts'

const LimitScopeType = builder.enumType('LimitScope', {
  description: 'Whose requests a limit counts together.',
  values: {
    ADDRESS: { value: 'address', description: 'All requests from the address of this gateway.' },
    TOKEN: { value: 'token', description: 'All requests with the same token.' },
  } as const,
})

const LimitedEndpointType = builder.enumType('LimitedEndpoint', {
  description: 'Which requests a limit counts.',
  values: {
    LIST: { value: 'list', description: 'Lists of pins: `GET /pins`.' },
    ITEM: { value: 'item', description: 'Single pins: `GET /pins/{requestid}`.' },
    WRITE: { value: 'write', description: 'All changes.' },
    ALL: { value: 'all', description: 'All requests.' },
  } as const,
})

export const RateBudgetType = builder.objectRef<RateBudgetNow>('RateBudget').implement({
  description:
    'A limit of a service on requests, and what is left of it. pinql queues requests so that it is not exceeded.',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'Number of requests that any window of `windowMs` may have.' }),
    windowMs: t.exposeInt('windowMs', { description: 'Length of the window in milliseconds.' }),
    scope: t.expose('scope', { type: LimitScopeType, description: 'Whose requests are counted together.' }),
    endpoint: t.expose('endpoint', { type: LimitedEndpointType, description: 'Which requests are counted.' }),
    assumed: t.exposeBoolean('assumed', {
      description:
        'Whether this limit is a guess of pinql, because the service publishes none. pinql lowers it when the service refuses requests.',
    }),
    remaining: t.exposeInt('remaining', {
      description: 'Requests left in the current window. 0 while the service has asked pinql to pause.',
    }),
    resetsAt: t.expose('resetsAt', {
      type: 'DateTime',
      description: 'Instant at which the whole limit is free again, if no more requests are sent.',
    }),
  }),
})
