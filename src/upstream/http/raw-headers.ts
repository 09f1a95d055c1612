/** The headers of a service's answer by their names in lower case; of several with one name, the first. */
export interface ServiceHeaders extends Iterable<[string, string]> {
  get(name: string): string | undefined
}

/**
 * Headers as undici reports them: names and values in turn, in bytes.
 *
 * They are decoded when something looks for them: a usual answer has none that matters.
 */
export class RawHeaders implements ServiceHeaders {
  readonly #raw: readonly Buffer[]

  constructor(raw: readonly Buffer[]) {
    this.#raw = raw
  }

  get(name: string): string | undefined {
    for (let index = 0; index < this.#raw.length; index += 2) {
      if (this.#raw[index]?.length === name.length && this.#nameAt(index) === name) return this.#textAt(index + 1)
    }
    return undefined
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    const first = new Map<string, string>()
    for (let index = 0; index < this.#raw.length; index += 2) {
      const name = this.#nameAt(index)
      if (!first.has(name)) first.set(name, this.#textAt(index + 1))
    }
    return first.entries()
  }

  #nameAt(index: number): string {
    return this.#textAt(index).toLowerCase()
  }

  #textAt(index: number): string {
    return this.#raw[index]?.toString('latin1') ?? ''
  }
}
