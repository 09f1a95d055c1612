import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** The document of each subscriber. */
export const SUBSCRIPTION = `subscription ($ids: [ID!]!) { pinStatusChanged(ids: $ids, until: FOREVER) {
  kind seq cursor observedAt previousStatus pin { id cid name status failureReason } } }`

/** One subscribed socket. */
export interface SubscribedClient {
  readonly ws: WebSocket
  /** Called with each message after the snapshot. */
  onMessage: (data: Buffer) => void
}

/**
 * Connects, initialises, subscribes and waits for the snapshot, as every browser does.
 *
 * @param localAddress to connect from: each has about 28,000 ports
 */
export async function subscribeClient(
  url: string,
  token: string,
  ids: readonly string[],
  localAddress?: string,
): Promise<SubscribedClient> {
  const options = { perMessageDeflate: false, ...(localAddress && { localAddress }) }
  const ws = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', options)
  await once(ws, 'open')
  ws.send(JSON.stringify({ type: 'connection_init', payload: { token } }))
  await once(ws, 'message')
  ws.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload: { query: SUBSCRIPTION, variables: { ids } } }))
  await once(ws, 'message')
  const client: SubscribedClient = { ws, onMessage: () => {} }
  ws.on('message', (data) => client.onMessage(data as Buffer))
  ws.on('error', () => {})
  return client
}

/** Connects to a plain `ws` server, without a gateway. */
export async function connectRaw(url: string): Promise<WebSocket> {
  const ws = new WebSocket(url.replace('http', 'ws'), { perMessageDeflate: false })
  await once(ws, 'open')
  ws.on('error', () => {})
  return ws
}

/** Runs a task so many times, some at once. */
export async function repeat<Value>(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = []
  let next = 0
  const work = async () => {
    for (let index = next++; index < count; index = next++) values[index] = await task(index)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return values
}

/** The value below which a share of all lies, of values in any order. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? 0
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
