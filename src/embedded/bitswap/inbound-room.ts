import { sharesOfGreediest } from '../../domain/greediest.ts'

/** Bytes of unfinished messages and frames of one connection, and of all connections. */
const MAX_BYTES_PER_CONNECTION = 8 * 1024 * 1024
const MAX_BYTES = 128 * 1024 * 1024

interface Share {
  readonly connection: object
  readonly abort: (reason: Error) => void
  bytes: number
}

/**
 * The memory of all messages, and of all yamux frames, that have arrived in part.
 *
 * When it is used up, the peer with the most of it is disconnected. So a peer that begins many long messages and ends none harms no
 * other.
 */
export class InboundRoom {
  readonly #shares = new Set<Share>()

  /**
   * Returns a function that sets the bytes of one message or frame. It must be set to 0 in the end.
   *
   * @param connection any object that is the same for all messages and frames of a peer
   * @param abort called when the peer has too much
   */
  open(connection: object, abort: (reason: Error) => void): (bytes: number) => void {
    const share: Share = { connection, abort, bytes: 0 }
    return (bytes) => {
      share.bytes = bytes
      if (bytes === 0) this.#shares.delete(share)
      else this.#shares.add(share)
      if (bytes > 0) this.#enforce(share)
    }
  }

  #enforce({ connection }: Share): void {
    let own = 0
    let all = 0
    for (const share of this.#shares) {
      if (share.connection === connection) own += share.bytes
      all += share.bytes
    }
    if (own > MAX_BYTES_PER_CONNECTION) this.#abortAll(connection)
    else if (all > MAX_BYTES) {
      const [greediest] = sharesOfGreediest(this.#shares, (share) => share.connection)
      if (greediest) this.#abortAll(greediest.connection)
    }
  }

  #abortAll(connection: object): void {
    for (const share of [...this.#shares]) {
      if (share.connection !== connection) continue
      this.#shares.delete(share)
      share.abort(new Error('Too many unfinished messages'))
    }
  }
}
