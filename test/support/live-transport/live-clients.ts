import { ApolloClient, gql, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { subscriptionExchange, Client as UrqlClient } from '@urql/core'
import { EventSource } from 'eventsource'
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { PIN_STATUS_CHANGED, type SeenEvent } from './start-live-setup.ts'

/** A stock client with one subscription, `until: FOREVER`, and whatever it does by itself. */
export interface LiveClient extends Disposable {
  /** The next event, which must come. */
  next(): Promise<SeenEvent>
  /** Resolves with the reason for the final end of the subscription: a close event, errors, or the client's form of them. */
  readonly ended: Promise<unknown>
  /** Returns the number of connections that the client has made or tried to make. */
  connections(): number
  /** The codes with which its sockets were closed; none for event streams. */
  readonly closeCodes: readonly number[]
  /** Stops reading, or goes on; absent where no client could. */
  readonly setReading?: (isReading: boolean) => void
}

export interface LiveClientOptions {
  /** Of /graphql, http. */
  readonly url: string
  readonly token: string
  readonly ids: readonly string[]
}

/** The clients that docs/live-status.md names, with the settings that it recommends and no others. */
export const LIVE_CLIENTS: readonly { readonly name: string; open(options: LiveClientOptions): LiveClient }[] = [
  { name: 'graphql-ws', open: (options) => overSocket(options, ({ client }) => client) },
  { name: 'Apollo Client', open: (options) => overSocket(options, ({ client }) => apollo(client)) },
  { name: 'urql', open: (options) => overSocket(options, ({ client, url }) => urql(client, url)) },
  { name: 'EventSource', open: overEventSource },
]

interface Sink {
  next(result: { data?: unknown }): void
  error(reason: unknown): void
  complete(): void
}
interface Subscribable {
  subscribe(payload: { query: string; variables: Record<string, unknown> }, sink: Sink): unknown
}

function overSocket(
  { url, token, ids }: LiveClientOptions,
  wrap: (parts: { client: Client; url: string }) => Subscribable,
): LiveClient {
  const sockets: WebSocket[] = []
  const closeCodes: number[] = []
  class RecordedSocket extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      sockets.push(this)
      this.on('close', (code) => closeCodes.push(code))
    }
  }
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: RecordedSocket,
    connectionParams: () => ({ Authorization: `Bearer ${token}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: (event) => (event as CloseEvent).code !== 4403,
  })
  const inbox = new Inbox()
  const variables = { ids, until: 'FOREVER' }
  wrap({ client, url }).subscribe({ query: PIN_STATUS_CHANGED, variables }, inbox)
  return {
    next: () => inbox.take(),
    ended: inbox.ended,
    connections: () => sockets.length,
    closeCodes,
    setReading: (isReading) => (isReading ? sockets.at(-1)?.resume() : sockets.at(-1)?.pause()),
    // Rejects where it is about to connect, and cannot.
    [Symbol.dispose]: () => void Promise.resolve(client.dispose()).catch(() => {}),
  }
}

function apollo(client: Client): Subscribable {
  const apolloClient = new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache() })
  return {
    subscribe: ({ query, variables }, sink) =>
      apolloClient.subscribe({ query: gql(query), variables }).subscribe({
        next: ({ data, error }) => (error ? sink.error(error) : sink.next({ data })),
        error: (error) => sink.error(error),
        complete: () => sink.complete(),
      }),
  }
}

function urql(client: Client, url: string): Subscribable {
  const exchange = subscriptionExchange({
    forwardSubscription: ({ query, ...rest }) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...rest, query: query ?? '' }, sink as Sink) }),
    }),
  })
  const urqlClient = new UrqlClient({ url, exchanges: [exchange], preferGetMethod: false })
  return {
    subscribe: ({ query, variables }, sink) =>
      urqlClient
        .subscription(query, variables)
        .subscribe(({ data, error }) => (error ? sink.error(error.networkError ?? error) : sink.next({ data }))),
  }
}

function overEventSource({ url, token, ids }: LiveClientOptions): LiveClient {
  const search = new URLSearchParams({
    query: PIN_STATUS_CHANGED,
    variables: JSON.stringify({ ids, until: 'FOREVER' }),
  })
  const inbox = new Inbox()
  let connections = 0
  // A browser's has no headers; there, the gateway holds the token.
  const stream = new EventSource(`${url}?${search}`, {
    fetch: (input, init) => {
      connections++
      return fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } })
    },
  })
  stream.addEventListener('next', ({ data }) => {
    const { errors, ...result } = JSON.parse(data)
    if (errors) inbox.error(errors)
    else inbox.next(result)
  })
  stream.addEventListener('complete', () => stream.close())
  return {
    next: () => inbox.take(),
    ended: inbox.ended,
    connections: () => connections,
    closeCodes: [],
    [Symbol.dispose]: () => stream.close(),
  }
}

/** Events as they came. */
class Inbox implements Sink {
  readonly ended: Promise<unknown>
  readonly #events: SeenEvent[] = []
  #wake = () => {}
  #end: (reason: unknown) => void = () => {}

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  next({ data }: { data?: unknown }): void {
    this.#events.push((data as { pinStatusChanged: SeenEvent }).pinStatusChanged)
    this.#wake()
  }

  error(reason: unknown): void {
    this.#end(reason)
  }

  complete(): void {
    this.#end(null)
  }

  async take(): Promise<SeenEvent> {
    for (;;) {
      const event = this.#events.shift()
      if (event) return event
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
