import type { UpstreamObserver } from '../upstream/observing/upstream-observer.ts'
import type { Logger } from './logger.ts'

/**
 * Makes one observer of several, each of which gets every event, in their order.
 *
 * An observer that throws, or returns a promise that rejects, harms neither the request nor the other observers. Its first
 * error is logged. The result has `onCall` and `onService` only if one of the observers has them.
 */
export function combineObservers(observers: readonly UpstreamObserver[], log: Logger): UpstreamObserver {
  const guarded = observers.map((observer) => ({ observer, guard: createGuard(log) }))
  const ofCalls = guarded.filter(({ observer }) => observer.onCall)
  const ofServices = guarded.filter(({ observer }) => observer.onService)
  return {
    ...(ofCalls.length > 0 && {
      onCall(call) {
        for (const { observer, guard } of ofCalls) guard(() => observer.onCall?.(call))
      },
    }),
    ...(ofServices.length > 0 && {
      onService(event) {
        for (const { observer, guard } of ofServices) guard(() => observer.onService?.(event))
      },
    }),
  }
}

/** Calls an observer, and logs only its first error. */
function createGuard(log: Logger): (call: () => unknown) => void {
  let hasFailed = false
  const onError = (err: unknown): void => {
    if (hasFailed) return
    hasFailed = true
    log.error({ err }, 'An observer of upstream events failed. Its later errors are not logged')
  }
  return (call) => {
    try {
      const result = call()
      // TypeScript accepts an async function as a method that returns nothing.
      Promise.resolve(result).catch(onError)
    } catch (err) {
      onError(err)
    }
  }
}
