import type { UpstreamObserver } from '../../../src/index.ts'

/** The host's interface for metrics and alerts. */
interface Monitoring {
  record(name: string, value: number, labels: Readonly<Record<string, string>>): void
  alert(text: string): void
}

/** Makes an observer that records how long each request took, and alerts when a service has trouble. */
export function observeServices(monitoring: Monitoring): UpstreamObserver {
  return {
    onCall({ service, endpoint, tookMs, status, error }) {
      const result = error?.code ?? String(status)
      monitoring.record('pinql_upstream_request_ms', tookMs, { service, endpoint, result })
    },
    onService({ state, reason, tokenFrom }) {
      if (state !== 'up' && tokenFrom !== 'caller') monitoring.alert(reason)
    },
  }
}
