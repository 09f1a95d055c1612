const EMPTY = new Uint8Array(0)

/**
 * The bytes of a stream that do not make a whole message yet.
 *
 * They are in one buffer: a list of chunks of one byte each would take two hundred times their memory.
 */
export class GatheredBytes {
  #buffer: Uint8Array = EMPTY
  #length = 0
  #needed = Number.POSITIVE_INFINITY

  /** Bytes of memory that are held. */
  get heldBytes(): number {
    return this.#buffer.length
  }

  /** Returns the gathered bytes and those of a chunk behind them. `keep` must be called before the next chunk. */
  add(chunk: Uint8Array): Uint8Array {
    if (this.#length === 0) return chunk
    const length = this.#length + chunk.length
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(2 * this.#buffer.length, this.#needed)))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
    return this.#buffer.subarray(0, length)
  }

  /**
   * Gathers what follows the offset in the bytes that `add` returned. The bytes before it may be used for ever: they are not
   * written again.
   *
   * @param needed bytes of the unfinished message, if they are known
   */
  keep(bytes: Uint8Array, offset: number, needed = Number.POSITIVE_INFINITY): void {
    this.#needed = needed
    const isGathered = bytes.buffer === this.#buffer.buffer && this.#length > 0
    if (offset === 0 && isGathered) return
    this.#length = bytes.length - offset
    this.#buffer = this.#length === 0 ? EMPTY : bytes.slice(offset)
  }
}
