import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that have not been answered to the end. */
export class RequestsInFlight {
  readonly #responses = new Set<ServerResponse>()
  /** Answers that wait behind another of the same connection, or have waited. */
  readonly #queues = new WeakMap<Socket, Set<ServerResponse>>()
  readonly #onIdle = new Set<() => void>()

  /** Counts a request until it is answered or its connection is gone. */
  add(req: IncomingMessage, res: ServerResponse): void {
    this.#responses.add(res)
    res.once('close', () => this.#release(res))
    if (res.socket === null) this.#queue(req.socket, res)
  }

  /** Answers that are to come, or are being sent. */
  get responses(): Iterable<ServerResponse> {
    return this.#responses
  }

  /**
   * Resolves when nothing is in flight.
   *
   * @param timeoutMs resolves after so long in any case
   */
  async finish(timeoutMs: number): Promise<void> {
    if (this.#responses.size === 0) return
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#onIdle.delete(end)
        resolve()
      }
      const timer = setTimeout(end, timeoutMs)
      this.#onIdle.add(end)
    })
  }

  /** An answer that waits behind another is never told that its connection is gone. */
  #queue(socket: Socket, res: ServerResponse): void {
    const known = this.#queues.get(socket)
    const queue = known ?? new Set()
    queue.add(res)
    res.once('close', () => queue.delete(res))
    if (known) return
    this.#queues.set(socket, queue)
    socket.once('close', () => {
      for (const each of queue) this.#release(each)
    })
  }

  #release(res: ServerResponse): void {
    if (this.#responses.delete(res) && this.#responses.size === 0) for (const onIdle of this.#onIdle) onIdle()
  }
}
