/** A map of bounded size: the entry that was not used for the longest time is evicted. */
export class RecentMap<Value> {
  readonly #maxSize: number
  /** The most recently used entry comes last. */
  readonly #entries = new Map<string, Value>()
  /** The last of them. It is used again most often, and then nothing needs to move. */
  #latest: { readonly key: string; readonly value: Value } | undefined

  /** @param maxSize most entries, at least 1 */
  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  /** Finds an entry, and counts that as a use. */
  get(key: string): Value | undefined {
    if (this.#latest?.key === key) return this.#latest.value
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  /** Finds an entry. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#latest = { key, value }
    if (this.#entries.size > this.#maxSize) this.#entries.delete(this.#entries.keys().next().value as string)
  }
}
