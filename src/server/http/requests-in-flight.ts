import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that have not been answered to the end. */
export class RequestsInFlight {
  /**
   * Each response has a place until it is closed, and places are used again. A `Set` would link its earlier tables to the
   * later ones when it grows or is tidied up, and so keep every response from the cheap garbage collection.
   */
  readonly #places: (ServerResponse | null)[] = []
  readonly #freePlaces: number[] = []
  /** Answers that wait behind another of the same connection, or have waited. */
  readonly #queues = new WeakMap<Socket, Set<() => void>>()
  readonly #onIdle = new Set<() => void>()

  /**
   * Counts a request until its connection is gone.
   *
   * @param onLost called if the connection goes away while the answer waits behind another of it, which has no event
   * @returns a function for the response's event `close`: the request counts no more
   */
  add(req: IncomingMessage, res: ServerResponse, onLost: () => void = () => {}): () => void {
    const place = this.#freePlaces.pop() ?? this.#places.length
    this.#places[place] = res
    const release = (): void => {
      if (this.#places[place] === res) this.#release(place)
    }
    const lose = (): void => {
      release()
      onLost()
    }
    if (res.socket === null) this.#queue(req.socket, res, lose)
    return release
  }

  /** Answers that are to come, or are being sent. */
  get responses(): readonly ServerResponse[] {
    return this.#places.filter((res) => res !== null)
  }

  /**
   * Resolves when nothing is in flight.
   *
   * @param timeoutMs resolves after so long in any case
   */
  async finish(timeoutMs: number): Promise<void> {
    if (this.#isIdle) return
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

  get #isIdle(): boolean {
    return this.#freePlaces.length === this.#places.length
  }

  /** An answer that waits behind another is never told that its connection is gone. */
  #queue(socket: Socket, res: ServerResponse, lose: () => void): void {
    const known = this.#queues.get(socket)
    const queue = known ?? new Set()
    queue.add(lose)
    res.once('close', () => queue.delete(lose))
    if (known) return
    this.#queues.set(socket, queue)
    socket.once('close', () => {
      for (const each of queue) each()
    })
  }

  #release(place: number): void {
    this.#places[place] = null
    this.#freePlaces.push(place)
    if (this.#isIdle) for (const onIdle of this.#onIdle) onIdle()
  }
}
