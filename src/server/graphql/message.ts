/** One result of an operation, encoded once for all subscribers. */
export interface Message {
  /** The result as JSON. */
  readonly payload: Buffer
  /** A later message with the same key replaces this one. Null when none can. */
  readonly key: string | null
  /** Cursor with which a subscription resumes behind this message. Null when it cannot. */
  readonly cursor: string | null
}

/** Gets the results of one operation, over any transport. Ignores all calls after the end, and once the client has gone. */
export interface Subscriber {
  /** Sends a message. While the client reads slowly, keeps it until it can be sent or a later message replaces it. */
  next(message: Message): void
  /** Resolves when messages can be sent at once, or the client has gone. In most cases it is resolved already. */
  ready(): Promise<void>
  /** Ends the operation, after all messages that were sent or kept. */
  complete(): void
  /** Ends the operation with an error. The subscriber masks it if it is a bug. */
  fail(error: unknown): void
}
