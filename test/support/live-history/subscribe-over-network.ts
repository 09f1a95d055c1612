import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { WebSocket } from 'ws'
import { UnauthorizedError } from '../../../src/domain/errors.ts'
import type { PinStatus } from '../../../src/domain/pin.ts'
import { formatPinId, parsePinId } from '../../../src/domain/pin-id.ts'
import type { WatchOptions } from '../../../src/live/informers.ts'
import type { Selection } from '../../../src/live/selection.ts'
import { openEventStream } from '../live-transport/event-stream.ts'
import type { ToldEvent } from './history-checker.ts'
import { ConnectionLost, type HistoryConnection, SERVICE } from './history-stage.ts'

const EVENT = '{ kind seq cursor pinId replacedId isResync pin { requestId status name info } }'
const BY_IDS = `subscription ($ids: [ID!]!, $until: Until, $after: Cursor, $kinds: [PinEventKind!]) {
  pinStatusChanged(ids: $ids, until: $until, after: $after, kinds: $kinds) ${EVENT}
}`
const BY_FILTER = `subscription ($filter: PinFilter, $after: Cursor, $kinds: [PinEventKind!]) {
  pinsChanged(filter: $filter, after: $after, kinds: $kinds) ${EVENT}
}`

interface Operation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** An event as a GraphQL client gets it. */
interface WireEvent {
  readonly kind: ToldEvent['kind']
  readonly pinId: string | null
  readonly replacedId: string | null
  readonly pin: { readonly status: string } | null
}

interface WireResult {
  readonly data?: Readonly<Record<string, WireEvent>> | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

/** A selection as a GraphQL operation. */
export function operationOf(selection: Selection, { after, kinds }: WatchOptions): Operation {
  const options = { after: after ?? null, kinds: kinds ? [...kinds] : null }
  if (selection.kind === 'query') {
    const { name, statuses } = selection.query
    const status = statuses.map((each) => each.toUpperCase())
    return { query: BY_FILTER, variables: { filter: { ...(name !== undefined && { name }), status }, ...options } }
  }
  const ids = [...selection.refs.values()].map((ref) => formatPinId({ ...ref, cid: { text: ref.cid } }))
  return { query: BY_IDS, variables: { ids, until: selection.untilSettled ? 'SETTLED' : 'FOREVER', ...options } }
}

/** Subscribes by a WebSocket of its own. It stops reading while its events are not taken. */
export function openSocket(url: string, token: string, operation: Operation): HistoryConnection {
  const ws = new WebSocket(url.replace('http', 'ws'), GRAPHQL_TRANSPORT_WS_PROTOCOL)
  const events: ToldEvent[] = []
  let end: 'done' | Error | null = null
  let wake = (): void => {}
  const finish = (how: 'done' | Error): void => {
    end ??= how
    wake()
  }
  const handle = (message: { type: string; payload?: unknown }): void => {
    if (message.type === 'connection_ack') {
      ws.send(JSON.stringify({ id: '1', type: 'subscribe', payload: operation }))
    } else if (message.type === 'next') {
      events.push(read(message.payload as WireResult))
      wake()
    } else if (message.type === 'complete') finish('done')
    else if (message.type === 'error') finish(errorOf({ errors: message.payload as NonNullable<WireResult['errors']> }))
  }
  ws.on('open', () => ws.send(JSON.stringify({ type: 'connection_init', payload: { token } })))
  ws.on('message', (data) => {
    try {
      handle(JSON.parse(data.toString()))
    } catch (error) {
      finish(error as Error)
    }
    if (events.length > 4 && ws.readyState === ws.OPEN) ws.pause()
  })
  ws.on('error', () => {})
  ws.on('close', (code) => finish(code === 4403 ? refused() : new ConnectionLost(`closed with ${code}`)))
  return {
    async next() {
      for (;;) {
        const event = events.shift()
        if (event) return { done: false, value: event }
        if (end === 'done') return { done: true, value: undefined }
        if (end) throw end
        if (ws.isPaused) ws.resume()
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async return() {
      finish('done')
      ws.terminate()
    },
  }
}

/** Subscribes by an event stream. It stops reading while its events are not taken. */
export function openStream(url: string, token: string, operation: Operation): HistoryConnection {
  const headers = { authorization: `Bearer ${token}` }
  const opening = openEventStream(url, operation, { method: 'POST', headers })
  opening.catch(() => {})
  return {
    async next() {
      const step = await opening
        .then(({ response, events }) => {
          if (response.status !== 200) throw new Error(`expected an event stream, got ${response.status}`)
          return events.next()
        })
        .catch((cause: unknown) => {
          throw new ConnectionLost('the stream broke', { cause })
        })
      // The end of a stream without a word of completion is for coming back.
      if (step.done) throw new ConnectionLost('the stream ended')
      if (step.value.event === 'complete') return { done: true, value: undefined }
      return { done: false, value: read(JSON.parse(step.value.data)) }
    },
    return: () => opening.then(({ close }) => close()).catch(() => {}),
  }
}

function read(result: WireResult): ToldEvent {
  const [event] = Object.values(result.data ?? {})
  if (!event) throw errorOf(result)
  const { pinId, replacedId, pin } = event
  return {
    ...event,
    ...(pin && { pin: { ...pin, status: pin.status.toLowerCase() as PinStatus } }),
    ...(pinId !== null && { requestId: parsePinId(pinId).requestId }),
    ...(replacedId !== null && { replaced: { requestId: parsePinId(replacedId).requestId } }),
  } as unknown as ToldEvent
}

function errorOf({ errors }: WireResult): Error {
  const isRefusal = errors?.some(({ extensions }) => extensions?.code === 'UNAUTHORIZED')
  return isRefusal ? refused() : new Error(`an error ended it: ${JSON.stringify(errors)}`)
}

function refused(): UnauthorizedError {
  return new UnauthorizedError('the token was refused', { service: SERVICE })
}
