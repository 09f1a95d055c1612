import type { Clock } from './clock.ts'
import type { StopSignal } from './stop.ts'

/**
 * Waits on a clock. The process stays alive meanwhile.
 *
 * @param ms milliseconds
 * @throws `signal.reason` when aborted
 */
export async function sleep(
  clock: Clock,
  ms: number,
  options: { signal?: StopSignal | undefined } = {},
): Promise<void> {
  const { signal } = options
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const timer = clock.setTimeout(done, ms, { keepsAlive: true })
    signal?.addEventListener('abort', onAbort, { once: true })

    function done(): void {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    function onAbort(): void {
      timer.cancel()
      reject(signal?.reason)
    }
  })
}
