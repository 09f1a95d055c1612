/** One error in the configuration. */
export interface ConfigProblem {
  /** The wrong key, such as `services.filebase.endpoint`. */
  readonly key: string
  /** The source of the value, such as `PINQL_PORT` or `pinql.config.yaml, line 4`. Null when the value is missing. */
  readonly source: string | null
  /** Names the expected and the received value. */
  readonly message: string
}

/** The configuration cannot be used. Has every problem, so that one run shows them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    const lines = problems.map(({ key, source, message }) => `  ${key}${source ? ` (${source})` : ''}: ${message}`)
    super(`The configuration cannot be used:\n${lines.join('\n')}`, options)
    this.problems = problems
  }
}
