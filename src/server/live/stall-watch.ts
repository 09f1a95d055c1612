/** Ends connections whose other side does not read what it should for a while. */
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

  /** How many have something to read at present. */
  get size(): number {
    return this.#since.size
  }

  /** Takes note of whether a connection has something to read; from now on, whatever was noted before. */
  note(connection: Connection, isUnread: boolean): void {
    if (isUnread) this.#since.set(connection, this.#now())
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
