import { once } from 'node:events'
import { EXIT } from './exit-codes.ts'

/** Less than the 10 s after which orchestrators kill a process. */
const LONGEST_STOP_MS = 9_500

/** A server or service that runs until it is disposed. */
export interface Stoppable extends AsyncDisposable {
  /** Milliseconds that disposing may take at this moment. Default 9,500. */
  readonly longestStopMs?: number
}

/**
 * Waits for SIGINT, SIGTERM, or a SIGHUP that nobody else listens to, then disposes `running` and lets the process end with 0.
 *
 * A second signal ends the process at once, and so does disposing that takes longer than `longestStopMs`.
 */
export async function runUntilSignal(running: Stoppable): Promise<void> {
  const ended = new AbortController()
  const { signal } = ended
  const signals = ['SIGINT', 'SIGTERM', ...(process.listenerCount('SIGHUP') === 0 ? ['SIGHUP'] : [])]
  await Promise.race(signals.map((name) => once(process, name, { signal })))
  ended.abort()
  process.once('SIGINT', () => process.exit(EXIT.failure))
  process.once('SIGTERM', () => process.exit(EXIT.failure))
  const timer = setTimeout(() => process.exit(EXIT.ok), running.longestStopMs ?? LONGEST_STOP_MS)
  await running[Symbol.asyncDispose]()
  clearTimeout(timer)
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
}
