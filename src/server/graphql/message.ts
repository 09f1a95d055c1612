/** One result of an operation, encoded once for everybody who gets it. */
export interface Message {
  /** The result as JSON. */
  readonly payload: Buffer
  /** A later message of the same key makes this one superfluous; null when none does. */
  readonly key: string | null
  /** Where a subscriber who has got this, and all before it, may begin again; null when nowhere. */
  readonly cursor: string | null
}

/** Whoever asked for an operation, over whatever transport. After an end, or once gone, everything is ignored. */
export interface Subscriber {
  /** Sends a message or, while the other side is slow to read, keeps it until it can be sent or a later one replaces it. */
  next(message: Message): void
  /** Resolves when nothing needs to be kept, at once in most cases, or the other side has gone. */
  ready(): Promise<void>
  /** Ends the operation after all that was sent or kept. */
  complete(): void
  /** Ends the operation because of an error, which the subscriber makes fit to be seen. */
  fail(error: unknown): void
}
