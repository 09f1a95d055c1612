/**
 * Ends connections whose other side has not read anything for a while.
 *
 * Progress shows when a connection drains: it holds a few dozen kilobytes at most, so a reader who cannot take those in
 * half a minute is as good as gone.
 */
export class StallWatch<Connection> {
  readonly #since = new Map<Connection, number>()
  readonly #patienceMs: number
  readonly #now: () => number
  readonly #onStall: (connection: Connection) => void

  constructor(options: { patienceMs: number; onStall: (connection: Connection) => void; now?: () => number }) {
    this.#patienceMs = options.patienceMs
    this.#onStall = options.onStall
    this.#now = options.now ?? (() => performance.now())
  }

  /** How many are behind at present. */
  get size(): number {
    return this.#since.size
  }

  /** Takes note of whether a connection is behind. Each time that it was drained counts as a new beginning. */
  note(connection: Connection, isCongested: boolean): void {
    if (isCongested) this.#since.set(connection, this.#now())
    else this.#since.delete(connection)
  }

  /** To be called every now and then. */
  check(): void {
    const oldest = this.#now() - this.#patienceMs
    for (const [connection, since] of this.#since) {
      if (since > oldest) continue
      this.#since.delete(connection)
      this.#onStall(connection)
    }
  }
}
