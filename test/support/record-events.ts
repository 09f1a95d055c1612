import type { ServiceEvent, UpstreamCall, UpstreamObserver } from '../../src/upstream/observing/upstream-observer.ts'

/** An observer, and the events that it has received so far. */
export interface RecordedEvents {
  readonly observer: UpstreamObserver
  readonly calls: UpstreamCall[]
  readonly services: ServiceEvent[]
}

export function recordEvents(): RecordedEvents {
  const calls: UpstreamCall[] = []
  const services: ServiceEvent[] = []
  const observer = {
    onCall: (call: UpstreamCall) => void calls.push(call),
    onService: (event: ServiceEvent) => void services.push(event),
  }
  return { observer, calls, services }
}
