import { KeeperUnavailableError } from './keeper.ts'

/** Something that an operator should know and that is no mistake of the program. */
export interface Notice {
  readonly level: 'info' | 'warn'
  readonly message: string
}

/** Tells once that the keeper went away, and once that it is back, however often it is asked in between. */
export class KeeperPresence {
  readonly #tell: (notice: Notice) => void
  #isAway = false

  constructor(tell: (notice: Notice) => void) {
    this.#tell = tell
  }

  /** Takes a failure; false where it is of another kind, and somebody else's business. */
  take(error: unknown): boolean {
    if (!(error instanceof KeeperUnavailableError)) return false
    if (!this.#isAway) {
      const why = error.cause ? ` (${String(error.cause)})` : ''
      this.#tell({ level: 'warn', message: `${error.message}${why}: pins wait, and are tried again` })
    }
    this.#isAway = true
    return true
  }

  /** The keeper does what it is asked to. */
  answered(): void {
    if (this.#isAway) this.#tell({ level: 'info', message: 'Kubo answers again' })
    this.#isAway = false
  }
}
