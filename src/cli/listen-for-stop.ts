import { EXIT } from './exit-codes.ts'

/** Less than the 10 s after which orchestrators kill a process. */
const LONGEST_STOP_MS = 9_500

/** A server or service that runs until it is disposed. */
interface Stoppable extends AsyncDisposable {
  /** Milliseconds that disposing may take at this moment. Default 9,500. */
  readonly longestStopMs?: number
}

/** Listens for the signal that stops the process. */
interface AwaitedStop {
  /**
   * Waits for the signal, which may have come before, then disposes `running` and lets the process end with 0.
   *
   * Disposing that takes longer than `longestStopMs` ends the process.
   */
  endOf(running: Stoppable): Promise<void>
}

/**
 * Listens for SIGINT, SIGTERM, and SIGHUP if nobody else listens to it. Called before anything is started: a start that is killed halfway
 * would interrupt what it has begun.
 *
 * The first signal stops in order what runs, or what is being started, once it has started. A second one ends the process at once, and so does
 * a start that takes longer than 9.5 s after the first signal.
 */
export function listenForStop(): AwaitedStop {
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM']
  if (process.listenerCount('SIGHUP') === 0) names.push('SIGHUP')
  let timer: NodeJS.Timeout | undefined
  const endBy = (ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => process.exit(EXIT.ok), ms)
  }
  const signalled = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      for (const name of names) process.removeListener(name, onSignal)
      process.once('SIGINT', () => process.exit(EXIT.failure))
      process.once('SIGTERM', () => process.exit(EXIT.failure))
      endBy(LONGEST_STOP_MS)
      // The timer alone must not keep a process alive whose start has failed.
      timer?.unref()
      resolve()
    }
    for (const name of names) process.on(name, onSignal)
  })
  return {
    async endOf(running) {
      await signalled
      endBy(running.longestStopMs ?? LONGEST_STOP_MS)
      await running[Symbol.asyncDispose]()
      clearTimeout(timer)
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
    },
  }
}
