import { setMaxListeners } from 'node:events'
import type { PeerId } from '@libp2p/interface'
import { type DialRange, resolveOrigin } from './dial-policy.ts'

const FIRST_REDIAL_MS = 250
const LAST_REDIAL_MS = 8_000
/** Most dials of one pin at the same time, so that pins with many dead origins leave room for others. */
const MAX_DIALS = 10

/** Dials peers on behalf of a pin. */
export interface Dialer {
  /** Dials one peer, at exactly these addresses. Rejects with the reason when that fails. */
  dial(addresses: readonly string[], options: { signal: AbortSignal }): Promise<PeerId>
  isConnected(peerId: PeerId): boolean
  /** Calls the listener whenever the connection to a peer is lost. Returns a function that stops this. */
  onDisconnect(listener: (peerId: PeerId) => void): () => void
}

interface Origin {
  readonly address: string
  peerId: PeerId | null
  failures: number
  /** The last failure. Kept when a later dial succeeds. */
  error: string | null
  timer: NodeJS.Timeout | null
  isDialing: boolean
}

/** Keeps one pin connected with all of its origins: dials them at the same time, and again when a connection fails or ends. */
export class OriginConnections {
  readonly #peer: Dialer
  readonly #onConnected: (peerId: PeerId) => void
  readonly #allowed: readonly DialRange[]
  readonly #origins: Origin[]
  readonly #abort = new AbortController()
  /** Origins that wait to be dialled. */
  readonly #queue: Origin[] = []
  #dials = 0
  #stopListening: (() => void) | null = null

  /** @param onConnected called whenever an origin is connected */
  constructor(
    { peer, dialRanges }: { peer: Dialer; dialRanges: readonly DialRange[] },
    addresses: readonly string[],
    onConnected: (peerId: PeerId) => void,
  ) {
    this.#peer = peer
    this.#allowed = dialRanges
    this.#onConnected = onConnected
    setMaxListeners(0, this.#abort.signal)
    this.#origins = addresses.map((address) => ({
      address,
      peerId: null,
      failures: 0,
      error: null,
      timer: null,
      isDialing: false,
    }))
  }

  /** Starts to dial. Further calls do nothing. */
  open(): void {
    if (this.#stopListening) return
    this.#stopListening = this.#peer.onDisconnect((peerId) => {
      for (const origin of this.#origins) if (origin.peerId?.equals(peerId)) this.#redial(origin, 'it hung up')
    })
    for (const origin of this.#origins) this.#enqueue(origin)
  }

  /** Stops dialling. Connections stay, since other pins may use them. */
  close(): void {
    this.#queue.length = 0
    this.#abort.abort()
    this.#stopListening?.()
    for (const { timer } of this.#origins) if (timer) clearTimeout(timer)
  }

  /** Describes the state of each origin, for the message of a failed pin. */
  describe(): string {
    if (this.#origins.length === 0) return 'the pin names no origins, and no connected peer has sent it'
    return this.#origins.map((origin) => `${origin.address}: ${stateOf(origin)}`).join('; ')
  }

  #enqueue(origin: Origin): void {
    origin.timer = null
    origin.isDialing = true
    this.#queue.push(origin)
    this.#dialNext()
  }

  #dialNext(): void {
    if (this.#dials >= MAX_DIALS) return
    const origin = this.#queue.shift()
    if (!origin) return
    this.#dials++
    void this.#dial(origin).finally(() => {
      this.#dials--
      this.#dialNext()
    })
  }

  async #dial(origin: Origin): Promise<void> {
    const { signal } = this.#abort
    try {
      const addresses = await resolveOrigin(origin.address, this.#allowed, { signal })
      origin.peerId = await this.#peer.dial(addresses, { signal })
      origin.isDialing = false
      origin.failures = 0
      if (this.#peer.isConnected(origin.peerId)) this.#onConnected(origin.peerId)
      else this.#redial(origin, 'it hung up')
    } catch (error) {
      origin.isDialing = false
      this.#redial(origin, error instanceof Error ? error.message : String(error))
    }
  }

  #redial(origin: Origin, reason: string): void {
    origin.error = reason
    if (this.#abort.signal.aborted || origin.timer || origin.isDialing) return
    const delayMs = Math.min(FIRST_REDIAL_MS * 2 ** origin.failures++, LAST_REDIAL_MS)
    origin.timer = setTimeout(() => this.#enqueue(origin), delayMs)
  }
}

function stateOf({ error, peerId }: Origin): string {
  return error ?? (peerId ? 'connected, but silent' : 'not connected')
}
