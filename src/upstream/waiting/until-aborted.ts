import { listen, type StopSignal } from './stop.ts'

/**
 * Waits for a promise, or until a signal is aborted. An abort does not stop the work behind the promise.
 *
 * @throws `signal.reason` when aborted
 * @throws whatever the promise rejects with
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
