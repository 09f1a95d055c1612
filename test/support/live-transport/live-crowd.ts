import { formatPinId } from '../../../src/domain/pin-id.ts'
import type { EmulatedProvider } from '../providers/emulated-provider.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { openRawSocket } from './raw-socket.ts'

/** WebSockets that are sent one change after the other. Disposing closes them. */
export interface LiveCrowd extends AsyncDisposable {
  /** Number of changes that the gateway has seen so far. */
  readonly changes: number
}

/**
 * Opens WebSockets that follow all pins of a token, and changes pins one after the other until the gateway stops.
 *
 * @param options.url of /graphql, http
 * @param options.name of the service, as the gateway knows it
 */
export async function startLiveCrowd(
  service: EmulatedProvider,
  options: { url: string; name: string; token: string; size: number },
): Promise<LiveCrowd> {
  const { url, name, token, size } = options
  const [pin] = service.seed(token, [{ cid: exampleCid(99), status: 'queued' }])
  if (!pin) throw new Error('expected a pin')
  const sockets = await Promise.all(
    Array.from({ length: size }, async () => {
      const socket = await openRawSocket(url.replace('http', 'ws'), { token })
      const query = 'subscription { pinsChanged { kind pin { id status name meta } } }'
      socket.send({ id: '1', type: 'subscribe', payload: { query } })
      await socket.next()
      return socket
    }),
  )
  const id = formatPinId({ service: name, requestId: pin.requestId, cid: { text: pin.cid } })
  const body = JSON.stringify({ query: 'query ($id: ID!) { pin(id: $id) { status } }', variables: { id } })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  let changes = 0
  let isOver = false
  async function change(): Promise<void> {
    while (!isOver) {
      service.setStatus(token, pin?.requestId ?? '', changes % 2 === 0 ? 'pinning' : 'queued')
      // A query tells the gateway of the change, so that no subscriber waits for a poll.
      const { ok } = await fetch(url, { method: 'POST', headers, body })
      if (ok) changes++
    }
  }
  // The gateway that stops does not accept the next query.
  const changing = change().catch(() => {})
  return {
    get changes() {
      return changes
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      await changing
      for (const socket of sockets) await socket[Symbol.asyncDispose]()
    },
  }
}
