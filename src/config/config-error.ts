/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The offending key, such as `services.filebase.endpoint`. */
  readonly key: string
  /** Where the value stands, such as `PINQL_PORT` or `pinql.config.yaml, line 4`; null when it stands nowhere. */
  readonly source: string | null
  /** What was expected and what came. */
  readonly message: string
}

/** The configuration cannot be used. Holds every problem, so that one run is enough to mend them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    const lines = problems.map(({ key, source, message }) => `  ${key}${source ? ` (${source})` : ''}: ${message}`)
    super(`The configuration cannot be used:\n${lines.join('\n')}`, options)
    this.problems = problems
  }
}
