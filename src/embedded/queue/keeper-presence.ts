import { KeeperUnavailableError } from './keeper.ts'

/** A message for the operator that reports no bug. */
export interface Notice {
  readonly level: 'info' | 'warn'
  readonly message: string
}

/** Reports once that the keeper is away, and once that it is back, however many attempts fail in between. */
export class KeeperPresence {
  readonly #tell: (notice: Notice) => void
  #isAway = false

  constructor(tell: (notice: Notice) => void) {
    this.#tell = tell
  }

  /** Reports a failure if it shows that the keeper is away. Returns false for every other failure. */
  take(error: unknown): boolean {
    if (!(error instanceof KeeperUnavailableError)) return false
    if (!this.#isAway) {
      const why = error.cause ? ` (${String(error.cause)})` : ''
      this.#tell({ level: 'warn', message: `${error.message}${why}: pins wait, and are tried again` })
    }
    this.#isAway = true
    return true
  }

  /** Called when the keeper has done what it was asked to. */
  answered(): void {
    if (this.#isAway) this.#tell({ level: 'info', message: 'Kubo answers again' })
    this.#isAway = false
  }
}
