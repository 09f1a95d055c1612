/** Bytes of answers that the clients of one token, and of all tokens, may have left unread. */
const MAX_BYTES_PER_OWNER = 32 * 1024 * 1024
const MAX_BYTES = 128 * 1024 * 1024
/** Requests that wait. A client may send a million on one connection without a wait for an answer. */
const MAX_WAITING = 1_000

/** A response whose bytes are in memory until its client has read them: Node's `ServerResponse`. */
export interface OutgoingAnswer extends Closing {
  readonly req: { readonly socket: Closing & object }
}

interface Closing {
  once(event: 'close', listener: () => void): unknown
  readonly destroyed?: boolean
}

interface Waiter {
  readonly owner: number
  readonly enter: () => void
}

/**
 * Bounds the memory of long answers that their clients do not read.
 *
 * A request for a further long answer waits until there is room. Usually there is room at once. A client that reads nothing is
 * disconnected by the server, which frees its room.
 */
export class AnswerRoom {
  /** Functions that free the room of a connection's answers. Of several answers, Node closes only the first with the connection. */
  readonly #releases = new WeakMap<object, Set<() => void>>()
  readonly #bytesOf = new Map<number, number>()
  readonly #waiting = new Set<Waiter>()
  readonly #maxBytes: number
  readonly #maxBytesPerOwner: number
  #bytes = 0

  constructor(maxBytesPerOwner: number = MAX_BYTES_PER_OWNER, maxBytes: number = MAX_BYTES) {
    this.#maxBytesPerOwner = maxBytesPerOwner
    this.#maxBytes = maxBytes
  }

  /**
   * Makes an answer for an owner when there is room, and counts it until it is sent or its client is gone.
   *
   * @param answer over which the text is sent. Undefined without a server: then nothing is counted.
   * @returns the text, or null when nothing was made: the client is gone, or too many requests wait
   * @throws whatever `make` throws
   */
  async make(owner: number, answer: OutgoingAnswer | undefined, make: () => string): Promise<string | null> {
    while (!this.#hasRoom(owner)) {
      if (this.#waiting.size >= MAX_WAITING) return null
      await new Promise<void>((enter) => this.#waiting.add({ owner, enter }))
    }
    try {
      if (answer?.req.socket.destroyed) return null
      const text = make()
      if (answer) this.#hold(owner, text.length, answer)
      return text
    } finally {
      this.#enterNext()
    }
  }

  #hasRoom(owner: number): boolean {
    return this.#bytes < this.#maxBytes && (this.#bytesOf.get(owner) ?? 0) < this.#maxBytesPerOwner
  }

  #hold(owner: number, bytes: number, answer: OutgoingAnswer): void {
    this.#add(owner, bytes)
    const releases = this.#releasesOf(answer.req.socket)
    const release = (): void => {
      if (!releases.delete(release)) return
      this.#add(owner, -bytes)
      this.#enterNext()
    }
    releases.add(release)
    answer.once('close', release)
  }

  #releasesOf(socket: Closing & object): Set<() => void> {
    const known = this.#releases.get(socket)
    if (known) return known
    const releases = new Set<() => void>()
    this.#releases.set(socket, releases)
    socket.once('close', () => {
      for (const release of [...releases]) release()
    })
    return releases
  }

  #add(owner: number, bytes: number): void {
    this.#bytes += bytes
    const sum = (this.#bytesOf.get(owner) ?? 0) + bytes
    if (sum > 0) this.#bytesOf.set(owner, sum)
    else this.#bytesOf.delete(owner)
  }

  /** Lets the first request enter that has room. When its answer is made, the next one follows, in a later turn of the event loop. */
  #enterNext(): void {
    for (const waiter of this.#waiting) {
      if (!this.#hasRoom(waiter.owner)) continue
      this.#waiting.delete(waiter)
      setImmediate(waiter.enter)
      return
    }
  }
}
