/** Chunks that are joined as soon as there are so many. */
const MANY_CHUNKS = 1_000
/** Number of chunks from which on they may not be tiny on average: a body of 64 KB in chunks of 16 bytes. */
const TOO_MANY_TINY = 4_096
/** Bytes below which chunks are tiny. */
const TINY_BYTES = 16

/**
 * The chunks of a body that somebody else sends: a client or a service. Whoever sends it chooses how long they are, and a chunk of one byte
 * takes more than a hundred in memory. So many chunks are joined before the body is complete.
 */
export class BodyChunks {
  #chunks: Buffer[] = []
  /** What came before `#chunks`. Undefined for a body of few chunks. */
  #joined: Buffer[] | undefined
  #bytes = 0
  #count = 0

  /**
   * True for thousands of chunks of a few bytes. Whoever has a body to send sends longer ones, and each chunk takes as long as a long one:
   * twenty bodies of 900,000 chunks keep everybody else waiting.
   */
  get areTiny(): boolean {
    return this.#count >= TOO_MANY_TINY && this.#bytes < this.#count * TINY_BYTES
  }

  /** Bytes of all chunks. */
  get bytes(): number {
    return this.#bytes
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#count++
    if (this.#chunks.push(chunk) < MANY_CHUNKS) return
    this.#joined ??= []
    this.#joined.push(Buffer.concat(this.#chunks))
    this.#chunks = []
  }

  /** Returns the whole body. A single chunk is not copied. */
  join(): Buffer {
    const [only] = this.#chunks
    if (only && only.length === this.#bytes) return only
    return Buffer.concat(this.#joined ? [...this.#joined, ...this.#chunks] : this.#chunks, this.#bytes)
  }
}
