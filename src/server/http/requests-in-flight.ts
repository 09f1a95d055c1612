import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The connections of a server, which hear when they are in use. */
export interface UsedConnections {
  /** Called when a request has begun. */
  began(req: IncomingMessage): void
  /** Called when a request of the connection has been answered. */
  ended(socket: Socket): void
}

/** Requests whose answer has not been sent to its end. */
export class RequestsInFlight {
  /**
   * Each response has a place until it is closed, and places are used again. A `Set` would link its earlier tables to the
   * later ones when it grows or is tidied up, and only a full garbage collection would free the responses.
   */
  readonly #places: (ServerResponse | null)[] = []
  readonly #freePlaces: number[] = []
  /** Answers that wait, or have waited, behind another answer on the same connection. */
  readonly #queues = new WeakMap<Socket, Set<() => void>>()
  readonly #onIdle = new Set<() => void>()
  #connections: UsedConnections | undefined

  /** Lets the connections of the gateway's own server know when they are in use. Those of a host application are its own concern. */
  reportTo(connections: UsedConnections): void {
    this.#connections = connections
  }

  /**
   * Counts a request until its connection is gone.
   *
   * @param onLost called if the connection goes away while the answer waits behind another one. The response has no event then.
   * @returns a function that stops counting the request, for the response's event `close`
   */
  add(req: IncomingMessage, res: ServerResponse, onLost: () => void = () => {}): () => void {
    const place = this.#freePlaces.pop() ?? this.#places.length
    this.#places[place] = res
    // Kept, since a request that is destroyed has no connection any more.
    const { socket } = req
    this.#connections?.began(req)
    const release = (): void => {
      if (this.#places[place] !== res) return
      this.#release(place)
      this.#connections?.ended(socket)
    }
    const lose = (): void => {
      release()
      onLost()
    }
    if (res.socket === null) this.#queue(socket, res, lose)
    return release
  }

  /** Responses that are not yet closed. */
  get responses(): readonly ServerResponse[] {
    return this.#places.filter((res) => res !== null)
  }

  /**
   * Resolves when nothing is in flight.
   *
   * @param timeoutMs milliseconds after which it resolves in any case
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

  /** Listens to the connection, since an answer that waits behind another has no event when it goes away. */
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
