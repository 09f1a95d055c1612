/** Bytes of answers that the clients of one token, and of all tokens, may have left unread. */
const MAX_BYTES_PER_OWNER = 32 * 1024 * 1024
const MAX_BYTES = 128 * 1024 * 1024

/** A response whose bytes are in memory until its client has read them: Node's `ServerResponse`. */
export interface OutgoingAnswer extends Closing {
  readonly req: { readonly socket: Closing & object }
}

interface Closing {
  once(event: 'close', listener: () => void): unknown
  readonly destroyed?: boolean
}

/**
 * Bounds the memory of long answers that their clients do not read.
 *
 * A request for a further long answer waits until there is room. Usually there is room at once. A client that reads nothing is
 * disconnected by the server, which frees its room.
 */
export class UnreadAnswers {
  /** Functions that free the room of a connection's answers. Of several answers, Node closes only the first with the connection. */
  readonly #releases = new WeakMap<object, Set<() => void>>()
  readonly #bytesOf = new Map<number, number>()
  readonly #waiting = new Set<{ readonly owner: number; readonly enter: () => void }>()
  readonly #maxBytes: number
  readonly #maxBytesPerOwner: number
  #bytes = 0

  constructor(maxBytesPerOwner: number = MAX_BYTES_PER_OWNER, maxBytes: number = MAX_BYTES) {
    this.#maxBytesPerOwner = maxBytesPerOwner
    this.#maxBytes = maxBytes
  }

  /** Returns whether a further answer may be made for an owner at once. */
  hasRoom(owner: number): boolean {
    return this.#bytes < this.#maxBytes && (this.#bytesOf.get(owner) ?? 0) < this.#maxBytesPerOwner
  }

  /**
   * Resolves when a further answer may be made for an owner. It must be made at once, and passed to `hold`.
   *
   * @throws the reason of the signal, when the client leaves before
   */
  async room(owner: number, options: { signal: AbortSignal }): Promise<void> {
    const { signal } = options
    while (!this.hasRoom(owner)) {
      await new Promise<void>((resolve, reject) => {
        const waiter = {
          owner,
          enter: () => {
            signal.removeEventListener('abort', leave)
            resolve()
          },
        }
        const leave = (): void => {
          this.#waiting.delete(waiter)
          reject(signal.reason)
        }
        if (signal.aborted) return leave()
        signal.addEventListener('abort', leave)
        this.#waiting.add(waiter)
      })
    }
  }

  /** Counts an answer until it is sent. */
  hold(owner: number, bytes: number, answer: OutgoingAnswer): void {
    const { socket } = answer.req
    if (answer.destroyed || socket.destroyed) return
    this.#add(owner, bytes)
    const releases = this.#releasesOf(socket)
    const release = (): void => {
      if (!releases.delete(release)) return
      this.#add(owner, -bytes)
      this.#enterNext()
    }
    releases.add(release)
    answer.once('close', release)
  }

  #releasesOf(socket: Closing & object): Set<() => void> {
    let releases = this.#releases.get(socket)
    if (!releases) {
      releases = new Set()
      this.#releases.set(socket, releases)
      socket.once('close', () => {
        for (const release of [...(releases ?? [])]) release()
      })
    }
    return releases
  }

  #add(owner: number, bytes: number): void {
    this.#bytes += bytes
    const sum = (this.#bytesOf.get(owner) ?? 0) + bytes
    if (sum > 0) this.#bytesOf.set(owner, sum)
    else this.#bytesOf.delete(owner)
  }

  /** Lets the first request enter that has room. The answer that it makes frees its room when it is sent, and so on. */
  #enterNext(): void {
    for (const waiter of this.#waiting) {
      if (!this.hasRoom(waiter.owner)) continue
      this.#waiting.delete(waiter)
      waiter.enter()
      return
    }
  }
}
