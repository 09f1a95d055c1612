import type { IncomingMessage } from 'node:http'
import { BodyChunks } from '../../domain/body-chunks.ts'
import type { StopSignal } from '../../upstream/waiting/stop.ts'
import { giveWayToRead } from './give-way-to-read.ts'

/**
 * Reads the body of a request. Long bodies that come at the same time are handed out in turns of the event loop.
 *
 * Once `maxBytes` are exceeded, the rest stays unread, and the request can still be answered. The connection is closed without an answer
 * if the body comes in thousands of tiny chunks, since it would take long even to skip the rest.
 *
 * @param options.gone aborted when the connection has gone away; an `IncomingMessage` behind another request has no event for it
 * @returns the body. Of a body that is too long, the first chunks, which are longer than `maxBytes`. Null when the connection
 *   has gone away before the end.
 */
export function readBody(
  req: IncomingMessage,
  { maxBytes, gone }: { maxBytes: number; gone: StopSignal },
): Promise<Buffer | null> {
  if (gone.aborted) return Promise.resolve(null)
  return new Promise((resolve) => {
    const chunks = new BodyChunks()
    const leave = (): void => resolve(null)
    const finish = (): void => {
      gone.removeEventListener('abort', leave)
      const body = chunks.join()
      const turn = giveWayToRead(body.length)
      if (turn !== undefined) void turn.then(() => resolve(gone.aborted ? null : body))
      else resolve(body)
    }
    const take = (chunk: Buffer): void => {
      chunks.push(chunk)
      if (chunks.areTiny) {
        req.off('data', take)
        req.destroy()
        leave()
        return
      }
      if (chunks.bytes <= maxBytes) return
      req.off('data', take)
      req.pause()
      finish()
    }
    req.on('data', take)
    gone.addEventListener('abort', leave)
    req.on('end', finish)
  })
}
