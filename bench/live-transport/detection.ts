import { formatPinId } from '../../src/domain/pin-id.ts'
import { compliant } from '../../test/support/providers/compliant.ts'
import { startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { quantile, repeat, sleep, subscribeClient } from './clients.ts'
import { startMeasured } from './measured-process.ts'

const READERS_A_PIN = 10
const WARM_UP_S = 5

/**
 * From the moment when a poll's answer has told the gateway of a change, as the event says, to the message at the browser.
 *
 * @param tenants among whom the pins are: each is polled once a second, so that one tenant's changes come all at once
 */
export async function measureDetection(
  subscriptions: number,
  deliveriesPerSecond: number,
  options: { tenants: number; seconds: number },
): Promise<string> {
  const { seconds } = options
  const tokens = Array.from({ length: options.tenants }, (_, index) => `token-${index}`)
  await using service = await startEmulatedProvider(compliant, { tokens })
  await using gateway = await startMeasured('./gateway-process.ts', service.endpoint)
  const pins = Array.from({ length: subscriptions / READERS_A_PIN }, (_, index) => {
    const token = tokens[index % tokens.length] ?? ''
    const [pin] = service.seed(token, [{ cid: 'bafkqablimvwgy3y', status: 'queued' }])
    if (!pin) throw new Error('no pin')
    const { requestId } = pin
    return { token, requestId, id: formatPinId({ service: 'one', requestId, cid: { text: pin.cid } }) }
  })
  const delays: number[] = []
  let isMeasured = false
  const clients = await repeat(subscriptions, 50, async (index) => {
    const { token, id } = pins[index % pins.length] ?? { token: '', id: '' }
    const client = await subscribeClient(gateway.url, token, [id])
    client.onMessage = (data) => {
      const now = performance.timeOrigin + performance.now()
      if (!isMeasured) return
      const [, observedAt = ''] = /"observedAt":"([^"]+)"/.exec(data.toString()) ?? []
      delays.push(now - Date.parse(observedAt))
    }
    return client
  })
  let changes = 0
  const timer = setInterval(
    () => {
      const { token, requestId } = pins[changes % pins.length] ?? { token: '', requestId: '' }
      const status = Math.floor(changes / pins.length) % 2 === 0 ? 'pinning' : 'queued'
      service.setStatus(token, requestId, status)
      changes++
    },
    (1000 * READERS_A_PIN) / deliveriesPerSecond,
  )
  await sleep(WARM_UP_S * 1000)
  const before = await gateway.stats(false)
  isMeasured = true
  await sleep(seconds * 1000)
  const after = await gateway.stats(false)
  clearInterval(timer)
  for (const { ws } of clients) ws.terminate()
  const at = (share: number) => quantile(delays, share).toFixed(1)
  return (
    `detection: ${subscriptions} subscriptions of ${tokens.length} tenants, ${Math.round(delays.length / seconds)} deliveries a second ` +
    `for ${seconds} s: p50 ${at(0.5)} ms (goal ≤ 10), p99 ${at(0.99)} ms (goal ≤ 100), most ${at(0.9999)} ms; ` +
    `gateway ${((after.cpuUs - before.cpuUs) / seconds / 10_000).toFixed(0)} % of a core`
  )
}
