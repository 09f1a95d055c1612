import { repeat, sleep, subscribeClient } from './clients.ts'
import { startWatchedPin, TOKEN } from './watched-pin.ts'

/** Memory and CPU of sockets that are subscribed, and told nothing, since nothing is under way: pings are what is left. */
export async function measureIdle(sockets: number, seconds: number): Promise<string> {
  await using watched = await startWatchedPin('pinned')
  const { gateway, id } = watched
  const warm = await repeat(200, 50, () => subscribeClient(gateway.url, TOKEN, [id]))
  const before = await gateway.stats()
  const startedAt = performance.now()
  const clients = await repeat(sockets, 50, () => subscribeClient(gateway.url, TOKEN, [id]))
  const connectMs = performance.now() - startedAt
  const after = await gateway.stats()
  const resting = await gateway.stats(false)
  await sleep(seconds * 1000)
  const later = await gateway.stats(false)
  const rssKb = (after.rssBytes - before.rssBytes) / sockets / 1024
  const heapKb = (after.heapBytes - before.heapBytes) / sockets / 1024
  const cpu = (later.cpuUs - resting.cpuUs) / seconds / 10_000
  for (const { ws } of [...warm, ...clients]) ws.terminate()
  return (
    `idle: ${sockets} subscribed sockets: ${rssKb.toFixed(1)} KB RSS each (goal ≤ 15), ${heapKb.toFixed(1)} KB heap; ` +
    `${cpu.toFixed(1)} % CPU over ${seconds} s (goal < 5); ` +
    `${Math.round((sockets / connectMs) * 1000)} connects and subscribes a second, ${Math.round((after.cpuUs - before.cpuUs) / sockets)} µs CPU each`
  )
}
