import type { IncomingMessage } from 'node:http'
import type { RequestRoom } from '../../domain/request-room.ts'
import type { OperationRequest } from '../graphql/operation-request.ts'
import type { GraphqlHandler } from '../http/graphql-handler.ts'
import type { ConnectionServer } from './connection-server.ts'
import { eventStreamWish, parseEventStreamRequest } from './event-stream/event-stream-request.ts'
import { giveWayToRead } from './give-way-to-read.ts'
import { readBody } from './read-body.ts'

/**
 * Creates the handler that chooses the transport of a request to /graphql: an event stream, or `graphql` for all others.
 *
 * A client that prefers an event stream gets one. A client that accepts one among other types, as urql always does, gets one
 * for a subscription only, so its operation is read first.
 */
export function createGraphqlHandler(
  connections: Pick<ConnectionServer, 'serveEventStream' | 'isSubscription'>,
  graphql: GraphqlHandler,
  { maxRequestBytes, room }: { maxRequestBytes: number; room: RequestRoom },
): GraphqlHandler {
  const answerAsAsked: GraphqlHandler = async (req, res, context) => {
    const { gone, address } = context
    const reading = { maxBytes: maxRequestBytes, gone, address, room }
    const body = req.method === 'POST' ? await readBody(req, res, reading) : null
    if (gone.aborted || (body === null && req.method === 'POST')) return
    const asked = parse(req, body)
    if (asked && connections.isSubscription(asked)) return connections.serveEventStream(req, res, { ...context, asked })
    return graphql(req, res, context, body ?? undefined)
  }

  const answerByWish = async (
    wish: 'rather' | 'also',
    [req, res, context]: Parameters<GraphqlHandler>,
  ): Promise<unknown> => {
    // A request with a body waits for its turn once the body is read. This one has its document in the URL.
    if (req.method === 'GET') await giveWayToRead(req.url?.length ?? 0)
    return wish === 'rather' ? connections.serveEventStream(req, res, context) : answerAsAsked(req, res, context)
  }

  // Not async: a promise of the usual request would be felt.
  return (req, res, context) => {
    const wish = eventStreamWish(req)
    return wish === null ? graphql(req, res, context) : answerByWish(wish, [req, res, context])
  }
}

function parse(req: IncomingMessage, body: Buffer | null): OperationRequest | null {
  try {
    return parseEventStreamRequest(req, body)
  } catch {
    // `graphql` finds the same mistake, and answers it.
    return null
  }
}
