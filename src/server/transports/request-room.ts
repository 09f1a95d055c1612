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

/** Shares of one address, in the order in which they began to take room. */
interface Group {
  bytes: number
  readonly shares: Set<Share>
}

/**
 * The memory for long requests of all clients, from their first byte until they are answered: bodies over HTTP, and over WebSockets messages
 * and the operations that they have begun.
 *
 * When it is used up, the address with the most of it loses the share that it has had for longest. So clients that send a body in part and
 * wait, or begin thousands of long operations, lose their connections, and nobody else does.
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
   * @param address of the client, by which limits count
   * @param giveUp called when the share is taken away, within a call of `set`, perhaps that of another share. It ends the connection.
   */
  open(address: string, giveUp: () => void): RequestShare {
    const set = (bytes: number): void => {
      if (share.isLost) return
      this.#count(address, share, bytes)
      while (this.#bytes > this.#mostBytes) this.#giveUpOldest()
    }
    const share: Share = { bytes: 0, isLost: false, giveUp, set }
    return share
  }

  #count(address: string, share: Share, bytes: number): void {
    const group = this.#groups.get(address) ?? { bytes: 0, shares: new Set() }
    const more = bytes - share.bytes
    share.bytes = bytes
    group.bytes += more
    this.#bytes += more
    if (bytes > 0) group.shares.add(share)
    else group.shares.delete(share)
    if (group.shares.size > 0) this.#groups.set(address, group)
    else this.#groups.delete(address)
  }

  #giveUpOldest(): void {
    let [address = '', greediest] = this.#groups.entries().next().value ?? []
    for (const [each, group] of this.#groups) {
      if (greediest && group.bytes <= greediest.bytes) continue
      address = each
      greediest = group
    }
    const [oldest] = greediest?.shares ?? []
    if (!oldest) throw new Error('Room is taken by no share')
    this.#count(address, oldest, 0)
    oldest.isLost = true
    oldest.giveUp()
  }
}
