/** A command and where it runs. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
  /** Default: the root of the checkout. */
  readonly cwd?: string
  /** Added to the runner's own environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** Folders of one client, as absolute paths without a slash at the end. */
export interface ClientPlace {
  /** The checkout, where schema.graphql is. */
  readonly root: string
  /** Outside the checkout, made by the runner, kept between runs. For this client and its present lock file only. */
  readonly cache: string
}

/** A program that `npm run test:clients` runs. test/clients/README.md says what a program does and prints. */
export interface ClientProgram {
  /** Unique. The program prints it as `client` and adds its pins with it as the entry `client` of their meta. */
  readonly name: string
  /** Commands that must be installed, such as `cargo`. When one is missing, the runner skips the client. */
  readonly needs: readonly string[]
  /** Path in the checkout of the file that fixes the versions of all packages. When it changes, the cache starts anew. */
  readonly lockFile: string
  /** Generates code from schema.graphql and compiles the program. Called once. Rejects when a step fails. */
  prepare(place: ClientPlace): Promise<void>
  /** True for a program that reads `PINQL_WATCH`. The runner then runs it while the gateway is stopped. */
  readonly watches?: boolean
  /** Returns the command that runs the prepared program once. The runner adds the environment and runs it once per server. */
  run(place: ClientPlace): Command
}
