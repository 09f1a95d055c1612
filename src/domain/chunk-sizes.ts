/** Number of chunks from which on their average length counts: those of a body of 64 KB in chunks of 16 bytes. */
const TOO_MANY_TINY = 4_096
/** Average bytes below which chunks are tiny. */
const TINY_BYTES = 16

/** Counts the chunks of a body that somebody else sends, and their bytes. */
export class ChunkSizes {
  bytes = 0
  #count = 0

  add({ length }: Buffer): void {
    this.bytes += length
    this.#count++
  }

  /**
   * True for thousands of chunks of less than 16 bytes on average. Clients that have a body to send send longer chunks. A chunk of one byte
   * takes as long as a long one, so twenty bodies in 900,000 chunks each keep all other clients waiting.
   */
  get areTiny(): boolean {
    return this.#count >= TOO_MANY_TINY && this.bytes < this.#count * TINY_BYTES
  }
}
