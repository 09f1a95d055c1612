import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { type ClientOptions, WebSocket } from 'ws'

/** A WebSocket of which a test decides every frame. */
export interface RawSocket extends AsyncDisposable {
  readonly ws: WebSocket
  /** Resolves with the close code that came. */
  readonly closed: Promise<number>
  send(message: unknown): void
  /** The next message, which must come. */
  next(): Promise<Record<string, unknown>>
}

export async function openRawSocket(
  url: string,
  options: ClientOptions & { protocols?: string[]; token?: string | null } = {},
): Promise<RawSocket> {
  const { protocols = [GRAPHQL_TRANSPORT_WS_PROTOCOL], token = null, ...rest } = options
  const ws = new WebSocket(url, protocols, rest)
  const messages: Record<string, unknown>[] = []
  let wake = () => {}
  ws.on('message', (data) => {
    messages.push(JSON.parse(data.toString()))
    wake()
  })
  ws.on('error', () => {})
  const closed = new Promise<number>((resolve) => ws.once('close', resolve))
  void closed.then(() => wake())
  const socket: RawSocket = {
    ws,
    closed,
    send: (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next() {
      for (;;) {
        const message = messages.shift()
        if (message) return message
        if (ws.readyState === WebSocket.CLOSED) throw new Error('The socket was closed')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async [Symbol.asyncDispose]() {
      ws.terminate()
      await closed
    },
  }
  if (ws.readyState !== WebSocket.OPEN) await Promise.race([new Promise((resolve) => ws.once('open', resolve)), closed])
  if (token !== null) {
    socket.send({ type: 'connection_init', payload: { token } })
    await socket.next()
  }
  return socket
}
