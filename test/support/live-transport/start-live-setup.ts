import { type Client, type ClientOptions, createClient, type SubscribePayload } from 'graphql-ws'
import WebSocket from 'ws'
import type { ConfigInput } from '../../../src/config/parse-config.ts'
import type { PinEventKind } from '../../../src/live/live-event.ts'
import { idOf, seedPins } from '../gateway/start-setup.ts'
import { compliant } from '../providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../providers/emulated-provider.ts'
import { ALICE } from '../start-test-api.ts'
import { startTestGateway, type TestGateway } from '../start-test-gateway.ts'

/** A gateway over one emulated service named `one`, whose token the gateway does not hold. */
export interface LiveSetup extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly service: EmulatedProvider
  /** Of the WebSocket. */
  readonly url: string
  /** Changes a pin at the service, and queries it, so that the gateway sees the change before its next poll. */
  change(
    token: string,
    requestId: string,
    status: 'queued' | 'pinning' | 'pinned' | 'failed',
    note?: string,
  ): Promise<void>
}

export async function startLiveSetup(settings: ConfigInput = {}): Promise<LiveSetup> {
  const service = await startEmulatedProvider(compliant)
  const gateway = await startTestGateway({
    services: { one: { endpoint: service.endpoint } },
    liveDrainMs: 100,
    ...settings,
  })
  return {
    gateway,
    service,
    url: gateway.url.replace('http', 'ws'),
    async change(token, requestId, status, note) {
      service.setStatus(token, requestId, status, note === undefined ? {} : { status_details: note })
      const pin = service.pins(token).find((each) => each.requestId === requestId)
      if (!pin) throw new Error(`No pin ${requestId}`)
      await gateway.query('query ($id: ID!) { pin(id: $id) { status } }', { id: idOf(pin) }, bearer(token))
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** Adds unfinished pins of a token. Returns them with the gateway's ids. */
export function seedQueued(service: EmulatedProvider, count: number) {
  return seedPins(service, count, { status: 'queued' }).map((pin) => ({ id: idOf(pin), requestId: pin.requestId }))
}

const EVENT = `
  kind service seq cursor observedAt pinId previousStatus replacedId remaining isResync since
  pin { id status failureReason }
  error { code service }
`

export const PIN_STATUS_CHANGED = `subscription ($ids: [ID!]!, $until: Until, $after: Cursor, $kinds: [PinEventKind!]) {
  pinStatusChanged(ids: $ids, until: $until, after: $after, kinds: $kinds) { ${EVENT} }
}`

export const PINS_CHANGED = `subscription (
  $services: [String!], $filter: PinFilter, $after: Cursor, $kinds: [PinEventKind!]
) {
  pinsChanged(services: $services, filter: $filter, after: $after, kinds: $kinds) { ${EVENT} }
}`

/** An event as a subscriber of the documents above receives it. */
export interface SeenEvent {
  readonly kind: PinEventKind
  readonly service: string
  readonly seq: number
  readonly cursor: string
  readonly observedAt: string
  readonly pin: { readonly id: string; readonly status: string; readonly failureReason: string | null } | null
  readonly pinId: string | null
  readonly previousStatus: string | null
  readonly replacedId: string | null
  readonly remaining: number | null
  readonly isResync: boolean | null
  readonly error: { readonly code: string; readonly service: string | null } | null
  readonly since: string | null
}

/** The stock client, with a token and quick about coming back. */
export function stockClient(url: string, options: Partial<ClientOptions> & { token?: string } = {}): Client {
  const { token = ALICE, ...rest } = options
  return createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryWait: () => new Promise((resolve) => setImmediate(resolve)),
    onNonLazyError: () => {},
    ...rest,
  })
}

/** Subscribes and iterates over the events themselves. */
export async function* eventsOf(client: Client, payload: SubscribePayload): AsyncGenerator<SeenEvent, void, void> {
  for await (const { data, errors } of client.iterate<Record<string, SeenEvent>>(payload)) {
    if (errors) throw new AggregateError(errors, errors[0]?.message)
    const [event] = Object.values(data ?? {})
    if (event) yield event
  }
}

/** The next event, which must come. */
export async function nextOf<Value>(iterator: AsyncIterator<Value>): Promise<Value> {
  const { done, value } = await iterator.next()
  if (done) throw new Error('The stream has ended')
  return value
}
