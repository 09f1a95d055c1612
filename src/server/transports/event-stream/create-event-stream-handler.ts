import type { IncomingMessage, ServerResponse } from 'node:http'
import { GraphQLError } from 'graphql'
import type { OperationRequest } from '../../graphql/operation-request.ts'
import type { HttpContext } from '../../http/graphql-handler.ts'
import { sendJson } from '../../http/send-json.ts'
import { capError } from '../connections/cap-error.ts'
import type { ConnectionOwner, ConnectionParts } from '../connections/connection-parts.ts'
import { breakOff, EVENT_STREAM_HEADERS, EventStreamConnection } from './event-stream-connection.ts'
import { EventStreamRefusal, readEventStreamRequest } from './event-stream-request.ts'

/**
 * Answers a request with an event stream. The guard has let the request pass.
 *
 * @param options.asked the operation, if it has been read already
 */
export type EventStreamHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  options: HttpContext & { readonly asked?: OperationRequest },
) => Promise<void>

/**
 * Creates the handler that opens event streams.
 *
 * @param options.maxRequestBytes largest body of a request in bytes
 */
export function createEventStreamHandler(
  parts: ConnectionParts,
  { owner, maxRequestBytes }: { readonly owner: ConnectionOwner; readonly maxRequestBytes: number },
): EventStreamHandler {
  const { caps, identify, leaveHttp, operations, room } = parts
  return async (req, res, { requestId, gone, address, asked }) => {
    // The request waits behind another answer on its connection. That answer may be an endless stream.
    const isQueued = res.socket === null
    const tally = isQueued ? null : caps.open(address)
    try {
      if (isQueued)
        throw new EventStreamRefusal(400, 'Expected one event stream per connection, got several requests in a row')
      const caller = tally && (await identify({ headers: req.headers }))
      if (!caller || !tally.enter(caller.key))
        throw new EventStreamRefusal(429, 'Too many event streams, try again later')
      const request =
        asked ?? (await readEventStreamRequest(req, res, { maxBytes: maxRequestBytes, gone, address, room }))
      if (owner.isDraining) throw new EventStreamRefusal(503, 'The gateway is stopping')
      if (!request || gone.aborted) {
        tally.close()
        return
      }
      const exceeded = tally.begin()
      leaveHttp(req)
      const connection = new EventStreamConnection(res, { parts, tally, owner, requestId })
      if (exceeded) {
        connection.fail(capError(exceeded))
        return
      }
      const lastCursor = req.headers['last-event-id']?.toString() || null
      const isReadOnly = req.method === 'GET'
      connection.follow(
        operations.start(request, { caller, requestId, address }, connection, { isReadOnly, lastCursor }),
      )
    } catch (error) {
      tally?.close()
      if (gone.aborted) return
      if (error instanceof GraphQLError) {
        sendJson(res, 400, { errors: operations.visible(error, requestId) })
        return
      }
      if (!(error instanceof EventStreamRefusal)) throw error
      // The rest of the body is not read, so no other request can follow on this connection.
      if (!req.complete) res.setHeader('connection', 'close')
      if (error.isPassing && req.method === 'GET') {
        // A browser's `EventSource` gives up for good at any other status. After a lost connection, it connects again.
        breakOff(res.writeHead(200, EVENT_STREAM_HEADERS))
        return
      }
      sendJson(res, error.status, { errors: [{ message: error.message, extensions: { code: error.code } }] })
    }
  }
}
