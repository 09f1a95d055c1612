/** The headers of a service's answer, by name in lower case. If a name occurs more than once, the first one counts. */
export interface ServiceHeaders extends Iterable<[string, string]> {
  get(name: string): string | undefined
}

/**
 * Headers as undici reports them: names and values alternate, as bytes.
 *
 * They are decoded only when they are looked up, since most answers have no header that matters.
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
