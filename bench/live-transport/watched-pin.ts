import { formatPinId } from '../../src/domain/pin-id.ts'
import { compliant } from '../../test/support/providers/compliant.ts'
import { startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'

export const [TOKEN] = ['alice-token'] as const

/** A gateway, and a pin at its service that can be changed. */
export interface WatchedPin extends AsyncDisposable {
  readonly gateway: MeasuredProcess
  readonly id: string
  /** Requests that the service has had. */
  requests(): number
  /** Changes the pin, and has a query tell the gateway at once. */
  change(note: string): Promise<void>
}

/** @param status the first status. A settled pin is not polled */
export async function startWatchedPin(status: 'queued' | 'pinned' = 'queued'): Promise<WatchedPin> {
  const service = await startEmulatedProvider(compliant)
  const gateway = await startMeasured('./gateway-process.ts', service.endpoint)
  const [pin] = service.seed(TOKEN, [{ cid: 'bafkqablimvwgy3y', name: 'watched', status }])
  if (!pin) throw new Error('no pin')
  const id = formatPinId({ service: 'one', requestId: pin.requestId, cid: { text: pin.cid } })
  const body = JSON.stringify({ query: '{ pin(id: $id) { status } }'.replace('$id', JSON.stringify(id)) })
  return {
    gateway,
    id,
    requests: () => service.requests.length,
    async change(note) {
      service.setStatus(TOKEN, pin.requestId, 'failed', { status_details: note })
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` }
      await (await fetch(gateway.url, { method: 'POST', headers, body })).text()
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}
