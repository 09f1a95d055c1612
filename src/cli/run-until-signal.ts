import { once } from 'node:events'
import { EXIT } from './exit-codes.ts'

// Orchestrators kill after 10 s.
const LONGEST_STOP_MS = 9_500

/** Something that runs, and may need longer than others to stop. */
export interface Stoppable extends AsyncDisposable {
  /** Milliseconds that stopping may take at this moment. Default 9,500. */
  readonly longestStopMs?: number
}

/**
 * Keeps something running until SIGINT or SIGTERM, then stops it in order and lets the process end with 0.
 *
 * A second signal ends the process at once, and so does a stop that takes longer than it may.
 */
export async function runUntilSignal(running: Stoppable): Promise<void> {
  const ended = new AbortController()
  const { signal } = ended
  await Promise.race([once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })])
  ended.abort()
  process.once('SIGINT', () => process.exit(EXIT.failure))
  process.once('SIGTERM', () => process.exit(EXIT.failure))
  const timer = setTimeout(() => process.exit(EXIT.ok), running.longestStopMs ?? LONGEST_STOP_MS)
  await running[Symbol.asyncDispose]()
  clearTimeout(timer)
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
}
