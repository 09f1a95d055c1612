import type { RateBudgetNow } from '../resolvers/rate-budgets.ts'
import { builder } from './builder.ts'

const LimitScopeRef = builder.enumType('LimitScope', {
  description: 'Who shares a limit.',
  values: {
    ADDRESS: { value: 'address', description: 'Everybody behind the address of this gateway.' },
    TOKEN: { value: 'token', description: 'The users of one token.' },
  } as const,
})

const LimitedEndpointRef = builder.enumType('LimitedEndpoint', {
  description: 'Which requests a limit counts.',
  values: {
    LIST: { value: 'list', description: 'Lists of pins: `GET /pins`.' },
    ITEM: { value: 'item', description: 'Single pins: `GET /pins/{requestid}`.' },
    WRITE: { value: 'write', description: 'Every change.' },
    ALL: { value: 'all', description: 'All requests.' },
  } as const,
})

export const RateBudgetRef = builder.objectRef<RateBudgetNow>('RateBudget').implement({
  description: 'What is left of one limit of a service.',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'Requests allowed in any window.' }),
    windowMs: t.exposeInt('windowMs', { description: 'Length of the window in milliseconds.' }),
    scope: t.expose('scope', { type: LimitScopeRef, description: 'Who shares it.' }),
    endpoint: t.expose('endpoint', { type: LimitedEndpointRef, description: 'Which requests it counts.' }),
    assumed: t.exposeBoolean('assumed', {
      description: 'True where the service publishes no limit: this one is a guess, corrected by what it refuses.',
    }),
    remaining: t.exposeInt('remaining', {
      description: 'Requests that the last window left over; 0 while the service wants none.',
    }),
    resetsAt: t.expose('resetsAt', {
      type: 'DateTime',
      description: 'When the whole limit is free again, if nothing more is sent.',
    }),
  }),
})
