import type { PinqlError } from './errors.ts'

/**
 * Takes the place of a bug where one element of several has failed: one change, one service, one lookup. The other elements keep
 * their results.
 *
 * Whoever makes it has logged the bug, which is its cause. Clients see nothing of the cause.
 */
export class UnexpectedError extends Error {
  override readonly name = 'UnexpectedError'
  readonly code = 'INTERNAL_SERVER_ERROR'

  constructor(cause: unknown) {
    super('Unexpected error.', { cause })
  }
}

/** The reason why one element of several failed: an expected failure, or a bug that is masked. */
export type Failure = PinqlError | UnexpectedError
