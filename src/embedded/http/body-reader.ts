import type { Readable } from 'node:stream'
import { BodyChunks } from '../../domain/body-chunks.ts'
import { FEW_BYTES, RequestRoom, type RequestShare } from '../../domain/request-room.ts'
import { EventLoopTurns } from '../dag/event-loop-turns.ts'

/** Bytes of a body. The largest pin has a quarter of that. Clients may escape every character of it. */
const MAX_BODY_BYTES = 512 * 1024
/** Bytes of all bodies that have come in part, or wait to be parsed: 64 of the longest. */
const MAX_BYTES = 32 * 1024 * 1024

/** A body that was not read to its end. Nothing was done. */
export class UnreadBodyError extends Error {
  override readonly name = 'UnreadBodyError'
  readonly reason: 'BAD_REQUEST' | 'PAYLOAD_TOO_LARGE' | 'TOO_MANY_REQUESTS'

  constructor(reason: UnreadBodyError['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/**
 * Reads the bodies of all requests within one room, and parses long ones in turns of the event loop.
 *
 * When the room is used up, the token with the most of it loses the body that it began first. Short bodies are neither counted nor kept
 * waiting.
 */
export class BodyReader {
  readonly #turns = new EventLoopTurns()
  readonly #room: RequestRoom

  constructor(maxBytes: number = MAX_BYTES) {
    this.#room = new RequestRoom(maxBytes)
  }

  /** Bytes of the room that are taken. */
  get bytes(): number {
    return this.#room.bytes
  }

  /**
   * Reads and parses a body.
   *
   * @param owner of the token, by which the room counts
   * @param stream the body: Node's request. The rest of one that is refused stays unread in it.
   * @param length of the body, if the client has named it. One that is too long is refused at once.
   * @throws {UnreadBodyError} for a body that is too long, one that ends too early or comes in thousands of tiny chunks, whose connection is
   *   closed, and one that has lost its room
   * @throws whatever `parse` throws
   */
  read<Value>(
    owner: number,
    stream: Readable,
    { parse, length = 0 }: { parse: (text: string) => Value; length?: number },
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      /** Null once the body is parsed or given up. */
      let chunks: BodyChunks | null = new BodyChunks()
      let share: RequestShare | undefined
      const letGo = (): void => {
        chunks = null
        share?.set(0)
        stream.off('data', take)
        stream.pause()
      }
      const refuse = (reason: UnreadBodyError['reason'], message: string): void => {
        letGo()
        reject(new UnreadBodyError(reason, message))
      }
      const refuseLong = (): void => refuse('PAYLOAD_TOO_LARGE', `Expected a body of at most ${MAX_BODY_BYTES} bytes`)
      const leave = (): void => {
        if (chunks) refuse('BAD_REQUEST', 'Expected the whole body')
      }
      const take = (chunk: Buffer): void => {
        if (!chunks) return
        chunks.push(chunk)
        if (chunks.bytes > MAX_BODY_BYTES) refuseLong()
        else if (chunks.areTiny) stream.destroy()
        else if (chunks.bytes > FEW_BYTES) {
          share ??= this.#room.open(`${owner}`, () => refuse('TOO_MANY_REQUESTS', 'Too many bodies are unfinished'))
          share.set(chunks.bytes)
        }
      }
      const parseAll = (): void => {
        if (!chunks) return
        const text = chunks.join().toString()
        letGo()
        try {
          resolve(parse(text))
        } catch (error) {
          reject(error)
        }
      }
      const finish = (): void => {
        stream.off('close', leave)
        if (chunks && chunks.bytes > FEW_BYTES) this.#turns.next(parseAll)
        else parseAll()
      }
      // It comes late where Node has found out before that the client is gone.
      if (stream.destroyed) leave()
      else if (length > MAX_BODY_BYTES) refuseLong()
      else stream.on('error', leave).on('close', leave).on('end', finish).on('data', take)
    })
  }
}
