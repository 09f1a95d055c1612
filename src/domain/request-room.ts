/** Bytes of what a client sends that are not worth counting. The usual request has fewer. */
export const FEW_BYTES = 4_096

/** The room that one connection or request takes. */
export interface RequestShare {
  /** Sets its bytes. At 0, the share is forgotten until it takes bytes again. */
  set(bytes: number): void
}

interface Share extends RequestShare {
  bytes: number
  isLost: boolean
  readonly giveUp: () => void
}

/** Shares of one client, in the order in which they began to take room. */
interface Group {
  bytes: number
  readonly shares: Set<Share>
}

/**
 * The memory for long requests of all clients: bodies over HTTP, and over WebSockets messages and the operations that they have begun. Each
 * server has one, and knows its clients by their addresses or by their tokens.
 *
 * When it is used up, the client with the most of it loses the share that it has had for longest. So clients that send a body in part and
 * wait, or begin thousands of long operations, lose these, and nobody else does.
 */
export class RequestRoom {
  readonly #mostBytes: number
  readonly #groups = new Map<string, Group>()
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Bytes that are taken. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * @param client its address or its owner's key, by which limits count
   * @param giveUp called when the share is taken away, within a call of `set`, perhaps that of another share. It lets go of the bytes.
   */
  open(client: string, giveUp: () => void): RequestShare {
    const set = (bytes: number): void => {
      if (share.isLost) return
      this.#count(client, share, bytes)
      while (this.#bytes > this.#mostBytes) this.#giveUpOldest()
    }
    const share: Share = { bytes: 0, isLost: false, giveUp, set }
    return share
  }

  #count(client: string, share: Share, bytes: number): void {
    const group = this.#groups.get(client) ?? { bytes: 0, shares: new Set() }
    const more = bytes - share.bytes
    share.bytes = bytes
    group.bytes += more
    this.#bytes += more
    if (bytes > 0) group.shares.add(share)
    else group.shares.delete(share)
    if (group.shares.size > 0) this.#groups.set(client, group)
    else this.#groups.delete(client)
  }

  #giveUpOldest(): void {
    let [client = '', greediest] = this.#groups.entries().next().value ?? []
    for (const [each, group] of this.#groups) {
      if (greediest && group.bytes <= greediest.bytes) continue
      client = each
      greediest = group
    }
    const [oldest] = greediest?.shares ?? []
    if (!oldest) throw new Error('Room is taken by no share')
    this.#count(client, oldest, 0)
    oldest.isLost = true
    oldest.giveUp()
  }
}
