import { sharesOfGreediest } from '../../domain/greediest.ts'
import { DagError } from './dag-error.ts'

/** The walks over large DAGs need more memory than there is. The walk may be repeated later. */
export class OutOfRoomError extends Error {
  override readonly name = 'OutOfRoomError'
  constructor() {
    super('so many large DAGs are fetched that there is no memory for this one now')
  }
}

/** The room of one walk. Disposing it frees the room. */
export interface WalkShare extends Disposable {
  /**
   * Takes room for so many bytes.
   *
   * @throws {DagError} when the walk alone needs more than there is
   * @throws {OutOfRoomError} when other walks leave no room
   */
  take(bytes: number): void
}

interface Share {
  readonly owner: number
  readonly pin: number
  bytes: number
  readonly onEvicted: (error: OutOfRoomError) => void
}

/**
 * The memory of all walks together: the blocks that each has seen, and those that it still has to visit.
 *
 * When it is used up, the owner with the most of it loses its youngest walk. So an owner of many large DAGs harms no other owner, and
 * its oldest walk comes to its end. A walk that was stopped begins again once half of the memory is free, so that two large walks
 * do not stop each other for ever.
 */
export class WalkRoom {
  readonly #maxBytes: number
  /** Oldest first. */
  readonly #shares = new Set<Share>()
  /** Pins whose walk was stopped and has not begun again. */
  readonly #evicted = new Set<number>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * @param onEvicted called when the walk must stop
   * @throws {OutOfRoomError} when the pin's walk was stopped before, and there is too little room to begin again
   */
  open({ owner, pin }: { owner: number; pin: number }, onEvicted: (error: OutOfRoomError) => void): WalkShare {
    if (this.#evicted.has(pin) && this.#bytes > this.#maxBytes / 2) throw new OutOfRoomError()
    this.#evicted.delete(pin)
    const share: Share = { owner, pin, bytes: 0, onEvicted }
    this.#shares.add(share)
    return {
      take: (bytes) => this.#take(share, bytes),
      [Symbol.dispose]: () => this.#close(share),
    }
  }

  #take(share: Share, bytes: number): void {
    if (!this.#shares.has(share)) throw new OutOfRoomError()
    share.bytes += bytes
    this.#bytes += bytes
    if (share.bytes > this.#maxBytes) {
      throw new DagError(`The DAG needs more than ${this.#maxBytes} bytes of memory to be walked`)
    }
    while (this.#bytes > this.#maxBytes) {
      const youngest = this.#youngestOfGreediest()
      this.#evicted.add(youngest.pin)
      this.#close(youngest)
      const error = new OutOfRoomError()
      if (youngest === share) throw error
      youngest.onEvicted(error)
    }
  }

  #youngestOfGreediest(): Share {
    const youngest = sharesOfGreediest(this.#shares, ({ owner }) => owner).at(-1)
    if (!youngest) throw new Error('Room is taken by no walk')
    return youngest
  }

  #close(share: Share): void {
    if (!this.#shares.delete(share)) return
    this.#bytes -= share.bytes
  }
}
