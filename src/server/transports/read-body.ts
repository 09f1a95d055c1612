import type { IncomingMessage, ServerResponse } from 'node:http'
import { BodyChunks } from '../../domain/body-chunks.ts'
import { FEW_BYTES, type RequestRoom, type RequestShare } from '../../domain/request-room.ts'
import type { StopSignal } from '../../upstream/waiting/stop.ts'
import { giveWayToRead } from './give-way-to-read.ts'

/**
 * Reads the body of a request. Long bodies that come at the same time are handed out in turns of the event loop.
 *
 * Once `maxBytes` are exceeded, the rest stays unread, and the request can still be answered. The connection is closed without an answer
 * if the body comes in thousands of tiny chunks, since it would take long even to skip the rest, and if there is no room for it any more.
 *
 * @param res the response to the request, which takes the body's room until it is closed: what the body says is kept until it is answered
 * @param options.gone aborted when the connection has gone away; an `IncomingMessage` behind another request has no event for it
 * @param options.address of the client, by which limits count
 * @param options.room for the body, unless it is short
 * @returns the body. Of a body that is too long, the first chunks, which are longer than `maxBytes`. Null when the connection
 *   has gone away before the end.
 */
export function readBody(
  req: IncomingMessage,
  res: ServerResponse,
  { maxBytes, gone, address, room }: { maxBytes: number; gone: StopSignal; address: string; room: RequestRoom },
): Promise<Buffer | null> {
  if (gone.aborted) return Promise.resolve(null)
  return new Promise((resolve) => {
    const chunks = new BodyChunks()
    let share: RequestShare | undefined
    const leave = (): void => resolve(null)
    const finish = (): void => {
      gone.removeEventListener('abort', leave)
      const body = chunks.join()
      // The request would keep these until it is answered, and with them the chunks and the body of the promise.
      if (share) req.off('data', take).off('end', finish)
      const turn = giveWayToRead(body.length)
      if (turn === undefined) resolve(body)
      else resolve(behind(turn, body, gone))
    }
    const take = (chunk: Buffer): void => {
      chunks.push(chunk)
      if (chunks.areTiny) {
        req.off('data', take)
        req.destroy()
        leave()
        return
      }
      if (chunks.bytes > FEW_BYTES) {
        share ??= shareFor(res, { gone, address, room })
        share.set(chunks.bytes)
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

/** Resolves with a body after a wait. If the connection goes away meanwhile, it resolves at once with null, and keeps nothing of the body. */
function behind(turn: Promise<void>, body: Buffer, gone: StopSignal): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let kept: Buffer | null = body
    const leave = (): void => {
      kept = null
      resolve(null)
    }
    gone.addEventListener('abort', leave)
    void turn.then(() => {
      gone.removeEventListener('abort', leave)
      resolve(kept)
    })
  })
}

/** Opens the share of a long body. It is freed when the request is answered, or its connection gone. */
function shareFor(
  res: ServerResponse,
  { gone, address, room }: { gone: StopSignal; address: string; room: RequestRoom },
): RequestShare {
  const share = room.open(address, () => {
    res.destroy()
    // An answer that waits behind another one on its connection has no socket yet.
    res.req.socket.destroy()
  })
  const free = (): void => {
    gone.removeEventListener('abort', free)
    share.set(0)
  }
  res.once('close', free)
  gone.addEventListener('abort', free)
  return share
}
