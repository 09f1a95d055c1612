import { MalformedResponseError } from './errors.ts'
import { sharesOfGreediest } from './greediest.ts'

/** Room for 500,000 usual pins, for a process whose heap may have 2 GB. */
const DEFAULT_BYTES = 512 * 1024 * 1024

/** The room of one read or cache. Disposing it frees the room. */
export interface PinShare extends Disposable {
  /** True once the share was taken away, or disposed. Its owner must take no more pins. */
  readonly isLost: boolean
  /** Takes room for so many bytes of pins; a negative number gives room back. */
  take(bytes: number): void
}

interface Share extends PinShare {
  readonly service: string
  bytes: number
  isLost: boolean
  readonly onLost: () => void
}

/**
 * The memory for pins whose number only the services know.
 *
 * When it is used up, the service with the most of it loses its largest share. So a service whose lists never end, or the caller with a
 * very large account, does no harm to the others.
 */
export class PinRoom {
  readonly #maxBytes: number
  readonly #shares = new Set<Share>()
  #bytes = 0

  /** @param maxBytes default: 512 MiB */
  constructor(maxBytes: number = DEFAULT_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Bytes that are taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param onLost called when the share is taken away, within a call of `take`, perhaps by the owner of another share */
  open(serviceName: string, onLost: () => void = () => {}): PinShare {
    const share: Share = {
      service: serviceName,
      onLost,
      bytes: 0,
      isLost: false,
      take: (bytes) => this.#take(share, bytes),
      [Symbol.dispose]: () => this.#close(share),
    }
    this.#shares.add(share)
    return share
  }

  #take(share: Share, bytes: number): void {
    if (!this.#shares.has(share)) return
    share.bytes += bytes
    this.#bytes += bytes
    while (this.#bytes > this.#maxBytes) {
      const largest = this.#largestOfGreediest()
      this.#close(largest)
      largest.onLost()
    }
  }

  #largestOfGreediest(): Share {
    const [first, ...others] = sharesOfGreediest(this.#shares, ({ service }) => service)
    if (!first) throw new Error('Room is taken by no share')
    return others.reduce((largest, each) => (each.bytes > largest.bytes ? each : largest), first)
  }

  #close(share: Share): void {
    if (!this.#shares.delete(share)) return
    this.#bytes -= share.bytes
    // Nobody counts what its owner still takes.
    share.isLost = true
  }
}

/** Makes the error of a read or cache that has lost its share. */
export function listsTooMany(serviceName: string, read: number): MalformedResponseError {
  const message = `${serviceName} lists more than the gateway has memory for: it stopped at ${read} pins`
  return new MalformedResponseError(message, { service: serviceName })
}
