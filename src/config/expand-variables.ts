/** Replaces one `${…}` in a text. */
export interface VariableReader {
  /**
   * Returns the value of `${NAME}`, `${NAME:-fallback}` or `${NAME:?words}`.
   *
   * @param reference.fallback undefined when there is none
   * @param reference.words why the variable is needed. Undefined when they are not given.
   */
  read(reference: { readonly name: string; readonly fallback?: string; readonly words?: string }): string
  /** Called for `${` with anything else behind it. */
  refuse(): void
}

const REFERENCE = /\$\$\{|\$\{(?:(\w+)(?::([-?])([^{}]*))?\})?/g

/** Replaces environment variables in a text as a shell does. `$${` stands for the characters `${`. */
export function expandVariables(text: string, reader: VariableReader): string {
  return text.replace(REFERENCE, (found, name?: string, sign?: string, rest = '') => {
    if (found === '$${') return '${'
    if (name === undefined) {
      reader.refuse()
      return found
    }
    if (sign === undefined) return reader.read({ name })
    return reader.read(sign === '-' ? { name, fallback: rest } : { name, words: rest })
  })
}
