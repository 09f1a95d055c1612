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
  // Its floor joins its rooms: pages and single pins, and lookups.
  'upstream/reading': [
    'domain',
    'upstream/budget/request-class.ts',
    'upstream/http/client.ts',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/learning/learned-capabilities.ts',
    'upstream/learning/list-proofs.ts',
    'upstream/learning/token-refusals.ts',
    'upstream/providers/capabilities.ts',
    'upstream/service',
    'upstream/waiting',
  ],
  // Facts about one list, its query and its page. All other rooms decide by them.
  'upstream/reading/lists': [
    'domain',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/providers/capabilities.ts',
  ],
  // The next two read lists of a source, one after the other. They know neither the client nor the checks.
  'upstream/reading/streams': [
    'domain',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/providers/capabilities.ts',
    'upstream/reading/lists',
    'upstream/reading/pin-source.ts',
    'upstream/reading/whole/read-whole-list.ts',
    'upstream/service/tenant-call-options.ts',
  ],
  // Lists in no useful order, or cut between pins of one instant.
  'upstream/reading/whole': [
    'domain',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/providers/capabilities.ts',
    'upstream/reading/lists',
    'upstream/reading/pin-source.ts',
  ],
  // Questions about services that nobody knows. They are sent by a function that each check is given.
  'upstream/reading/checks': [
    'domain',
    'upstream/budget',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/http/refusals.ts',
    'upstream/learning',
    'upstream/providers/capabilities.ts',
    'upstream/reading/lists',
    'upstream/service/account.ts',
    'upstream/waiting',
  ],
  // Many lookups in few requests.
  'upstream/reading/lookups': [
    'domain',
    'upstream/breaker/down-error.ts',
    'upstream/budget',
    'upstream/http/client.ts',
    'upstream/http/list-query.ts',
    'upstream/http/pin-page.ts',
    'upstream/providers/capabilities.ts',
    'upstream/reading/lists',
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
    'upstream/observing/tenant-observer.ts',
    'upstream/providers/capabilities.ts',
    'upstream/reading',
    'upstream/service',
    'upstream/waiting/clock.ts',
    'upstream/writes',
  ],
}
