/** An operation, and the upstream request that answers it, for comparison. */
export interface CpuLoad {
  readonly name: string
  /** Processor time, in times of the raw proxy's. */
  readonly goal: number
  /** The path of the n-th request to the raw proxy. */
  readonly path: (n: number) => string
  /** The body of the n-th request to the gateway. No two are alike, so that none in flight share an answer. */
  readonly body: (n: number) => string
  /** Texts that a whole answer contains. */
  readonly parts: readonly string[]
}

const PIN = 'query Pin($id: String!) { pin(requestId: $id) { requestId status createdAt cid name } }'
const PINS = `query Pins($before: DateTime) {
  pins(first: 100, filter: { createdBefore: $before }) {
    nodes { requestId status createdAt delegates info cid name origins meta }
    pageInfo { hasNextPage endCursor }
  }
}`

export const CPU_LOADS: readonly CpuLoad[] = [
  {
    name: 'one pin',
    goal: 2,
    path: (n) => `/pins/${requestId(n)}`,
    body: (n) => JSON.stringify({ query: PIN, operationName: 'Pin', variables: { id: requestId(n) } }),
    parts: [requestId(0), 'photo-7.jpg'],
  },
  {
    name: 'list of 100',
    goal: 7,
    path: (n) => `/pins?limit=100&name=${requestId(n)}`,
    body: (n) => JSON.stringify({ query: PINS, operationName: 'Pins', variables: { before: instantAfterAllPins(n) } }),
    parts: ['photo-0.jpg', 'photo-99.jpg', 'eu-central-1', 'quic-v1'],
  },
]

function requestId(n: number): string {
  return `pin-${String(n).padStart(6, '0')}`
}

function instantAfterAllPins(n: number): string {
  return new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()
}
