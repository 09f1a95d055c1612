/** Number of chunks from which on they may not be tiny on average: a body of 64 KB in chunks of 16 bytes. */
const TOO_MANY_TINY = 4_096
/** Bytes below which chunks are tiny. */
const TINY_BYTES = 16

/** Number and bytes of the chunks of a body that somebody else sends. */
export class ChunkSizes {
  bytes = 0
  #count = 0

  add({ length }: Buffer): void {
    this.bytes += length
    this.#count++
  }

  /**
   * True for thousands of chunks of a few bytes. Whoever has a body to send sends longer ones, and each chunk takes as long as a long one:
   * twenty bodies of 900,000 chunks keep everybody else waiting.
   */
  get areTiny(): boolean {
    return this.#count >= TOO_MANY_TINY && this.bytes < this.#count * TINY_BYTES
  }
}
