/** Keeps values by text, the most recently used ones, up to a number of bytes. */
export class ByteCache<Value> {
  readonly #maxBytes: number
  /** The most recently used comes last. */
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number }>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of all that is kept, as they were given. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /**
   * Keeps a value, unless it would take more than an eighth of all room: one large value must not push out all others.
   *
   * @param bytes of the value; the key's own are added
   */
  set(key: string, value: Value, bytes: number): void {
    const total = bytes + 2 * key.length
    if (total > this.#maxBytes / 8) return
    this.#delete(key)
    this.#entries.set(key, { value, bytes: total })
    this.#bytes += total
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#delete(oldest)
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
