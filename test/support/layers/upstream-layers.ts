import type { Layers } from './check-layers.ts'

/** The rows of LAYERS in layers.test.ts for the rooms of `src/upstream`. */
export const UPSTREAM_LAYERS: Layers = {
  // Waiting and stopping: clocks, signals, shared calls. Everybody may.
  'upstream/waiting': [],
  'upstream/http': ['domain', 'upstream/waiting'],
  'upstream/budget': ['domain', 'upstream/http/rate-limit-headers.ts', 'upstream/waiting'],
  'upstream/providers': ['domain', 'upstream/budget'],
  // Capabilities of a service, learned from its answers.
  'upstream/learning': [
    'domain',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/providers/capabilities.ts',
  ],
  // Events about requests and answers, and their observers. It sends nothing: it imports the client as a type only.
  'upstream/observing': ['domain', 'upstream/budget', 'upstream/http/client.ts', 'upstream/waiting/clock.ts'],
  // Waiting for a service that is down. It knows no call.
  'upstream/breaker': [
    'domain',
    'upstream/budget/request-budget.ts',
    'upstream/http/refusals.ts',
    'upstream/observing/upstream-observer.ts',
    'upstream/waiting',
  ],
  'upstream/service': [
    'domain',
    'upstream/breaker',
    'upstream/budget',
    'upstream/http',
    'upstream/learning',
    'upstream/observing',
    'upstream/providers',
    'upstream/waiting',
  ],
  // Of the client, `reading` and `writes` know the type: a call gets it from the service, when the budget has granted the request.
  'upstream/reading': [
    'domain',
    'upstream/breaker/down-error.ts',
    'upstream/budget',
    'upstream/http/client.ts',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/http/refusals.ts',
    'upstream/learning/learned-capabilities.ts',
    'upstream/learning/learned-filters.ts',
    'upstream/learning/list-proofs.ts',
    'upstream/learning/token-refusals.ts',
    'upstream/providers/capabilities.ts',
    'upstream/service',
    'upstream/waiting',
  ],
  'upstream/writes': [
    'domain',
    'storage',
    'upstream/http/refusals.ts',
    'upstream/providers/capabilities.ts',
    'upstream/service',
    'upstream/waiting',
  ],
  'upstream/tenant': [
    'domain',
    'upstream/budget/request-budget.ts',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/observing/tenant-observer.ts',
    'upstream/providers/capabilities.ts',
    'upstream/reading',
    'upstream/service',
    'upstream/waiting/clock.ts',
    'upstream/writes',
  ],
}
