/**
 * Bytes of messages that wait until clients read, of all connections of a gateway.
 *
 * Messages that subscribers share count only for their own connection: thousands of slow browsers may keep the same one.
 */
export class KeptBytes {
  /** Most bytes that one connection may keep. */
  readonly mostOfConnection: number
  readonly #most: number
  #bytes = 0

  /** @param maxAnswerBytes bytes of the longest answer: a connection may keep two, and all together eight */
  constructor(maxAnswerBytes: number) {
    this.mostOfConnection = 2 * maxAnswerBytes
    this.#most = 8 * maxAnswerBytes
  }

  /** Counts messages that one connection keeps for itself; a negative number for those that it keeps no more. */
  add(bytes: number): void {
    this.#bytes += bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** True if all connections together keep more than they may. */
  get areTooMany(): boolean {
    return this.#bytes > this.#most
  }
}
