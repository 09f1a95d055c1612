import { ChunkSizes } from './chunk-sizes.ts'

/** Chunks that are joined as soon as there are so many. */
const MANY_CHUNKS = 1_000

/**
 * The chunks of a body that somebody else sends: a client or a service. Whoever sends it chooses how long they are, and a chunk of one byte
 * takes more than a hundred in memory. So many chunks are joined before the body is complete.
 */
export class BodyChunks {
  #chunks: Buffer[] = []
  /** Bytes that came before `#chunks`. Undefined for a body of few chunks. */
  #joined: Buffer[] | undefined
  readonly #sizes = new ChunkSizes()

  /** See {@link ChunkSizes.areTiny}. */
  get areTiny(): boolean {
    return this.#sizes.areTiny
  }

  /** Bytes of all chunks. */
  get bytes(): number {
    return this.#sizes.bytes
  }

  push(chunk: Buffer): void {
    this.#sizes.add(chunk)
    if (this.#chunks.push(chunk) < MANY_CHUNKS) return
    this.#joined ??= []
    this.#joined.push(Buffer.concat(this.#chunks))
    this.#chunks = []
  }

  /** Returns the whole body. A single chunk is not copied. */
  join(): Buffer {
    const [only] = this.#chunks
    if (only && only.length === this.bytes) return only
    return Buffer.concat(this.#joined ? [...this.#joined, ...this.#chunks] : this.#chunks, this.bytes)
  }
}
