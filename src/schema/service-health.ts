import type { ServiceHealth } from '../upstream/breaker/service-health.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'

const HealthStateType = builder.enumType('HealthState', {
  description: 'Health of a service, judged by the requests that pinql sent to it.',
  values: {
    UP: { value: 'up', description: 'The last request was answered.' },
    DEGRADED: { value: 'degraded', description: 'The last request failed.' },
    DOWN: {
      value: 'down',
      description:
        'Several requests failed in a row. Requests wait for the service, and pinql sends one now and then to find out whether it is back.',
    },
  } as const,
})

const BreakerStateType = builder.enumType('BreakerState', {
  description:
    'State of the circuit breaker, which decides if pinql sends requests to a service that failed repeatedly.',
  values: {
    CLOSED: { value: 'closed', description: 'All requests are sent.' },
    OPEN: {
      value: 'open',
      description:
        'Requests wait for up to 4.5 seconds, and then fail with `SERVICE_UNAVAILABLE`. One is sent every 0.1 to 1 second.',
    },
    HALF_OPEN: {
      value: 'half-open',
      description: 'A request was sent to find out whether the service is back. All others wait.',
    },
  } as const,
})

export const ServiceHealthType = builder.objectRef<ServiceHealth>('ServiceHealth').implement({
  description: 'Health of a service. Reading it costs no upstream request.',
  fields: (t) => ({
    state: t.expose('state', { type: HealthStateType, description: 'Health now.' }),
    since: t.field({
      type: 'DateTime',
      description: 'Instant at which this state began.',
      resolve: ({ since }) => new Date(since).toISOString(),
    }),
    lastError: t.field({
      type: ErrorType,
      nullable: true,
      description:
        "The last failure; null when there was none since the gateway started. The service's own words are shown only to the token whose request failed.",
      resolve: ({ lastError }) => toErrorValue(lastError),
    }),
    breaker: t.expose('breaker', { type: BreakerStateType, description: 'State of the circuit breaker now.' }),
  }),
})
