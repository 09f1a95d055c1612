import type { ServiceHealth } from '../upstream/circuit-breaker.ts'
import { builder } from './builder.ts'
import { ErrorRef, toErrorValue } from './error-types.ts'

const HealthStateRef = builder.enumType('HealthState', {
  description: 'How a service is.',
  values: {
    UP: { value: 'up', description: 'It answered last time.' },
    DEGRADED: { value: 'degraded', description: 'It failed last time.' },
    DOWN: { value: 'down', description: 'It failed several times in a row and is left alone for a while.' },
  } as const,
})

const BreakerStateRef = builder.enumType('BreakerState', {
  description: 'Whether requests are let through to a service.',
  values: {
    CLOSED: { value: 'closed', description: 'All are.' },
    OPEN: { value: 'open', description: 'None is: each fails at once.' },
    HALF_OPEN: { value: 'half-open', description: 'One is, to see whether the service is back.' },
  } as const,
})

export const ServiceHealthRef = builder.objectRef<ServiceHealth>('ServiceHealth').implement({
  description: 'How a service is, by the calls made to it.',
  fields: (t) => ({
    state: t.expose('state', { type: HealthStateRef, description: 'How it is now.' }),
    since: t.field({
      type: 'DateTime',
      description: 'When that began.',
      resolve: ({ since }) => new Date(since).toISOString(),
    }),
    lastError: t.field({
      type: ErrorRef,
      nullable: true,
      description:
        'The last time it could not be reached or failed; null when it never did since the gateway started. Its own words are shown to the token only whose call it was.',
      resolve: ({ lastError }) => lastError && toErrorValue(lastError),
    }),
    breaker: t.expose('breaker', { type: BreakerStateRef, description: 'Whether requests are let through.' }),
  }),
})
