import type { ServiceEvent, UpstreamCall, UpstreamObserver } from '../upstream/observing/upstream-observer.ts'
import type { Logger } from './logger.ts'

/** Maximum request ids in one line. Thousands of operations may share a request. */
const MAX_IDS = 20

/**
 * Writes upstream events to the log: each request as a line of level `debug`, a service that comes back as `info`, and a
 * service that goes down, refuses a token or asks for a pause as `warn`.
 *
 * If `debug` is not logged, the observer has no `onCall`, so that requests cost nothing.
 */
export function createLogObserver(log: Logger): UpstreamObserver {
  const onService = ({ reason, repeats, ...event }: ServiceEvent): void => {
    log[event.state === 'up' ? 'info' : 'warn'](withoutNulls({ ...event, repeats: repeats || null }), reason)
  }
  if (!log.isLevelEnabled('debug')) return { onService }
  return { onService, onCall: (call) => log.debug(fieldsOf(call), 'upstream request') }
}

function fieldsOf({ requestIds, waitedMs, tookMs, ...call }: UpstreamCall): object {
  const more = requestIds.length - MAX_IDS
  return withoutNulls({
    ...call,
    requestIds: requestIds.slice(0, MAX_IDS),
    moreRequestIds: more > 0 ? more : null,
    waitedMs: Math.round(waitedMs),
    tookMs: Math.round(tookMs),
  })
}

function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}
