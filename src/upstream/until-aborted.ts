import { listen, type StopSignal } from './stop.ts'

/**
 * Waits for a promise, or until aborted; what is waited for goes on.
 *
 * @throws `signal.reason` when aborted
 */
export function untilAborted<Value>(promise: Promise<Value>, signal: StopSignal | undefined): Promise<Value> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    else listen(signal, onAbort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
