import { quantile, repeat, type SubscribedClient, sleep, subscribeClient } from './clients.ts'
import { startWatchedPin, TOKEN, type WatchedPin } from './watched-pin.ts'

/**
 * What readers who stop reading do to others, and what becomes of them.
 *
 * @param noteBytes about the length of each event: 60 KB fill every buffer at once, and a few bytes none
 */
export async function measureStalled(stalledCount: number, healthyCount: number, noteBytes: number): Promise<string> {
  await using watched = await startWatchedPin()
  const { gateway, id } = watched
  const open = () => subscribeClient(gateway.url, TOKEN, [id])
  const healthy = await repeat(healthyCount, 50, open)
  const notes = () => `${Math.random()} `.padEnd(noteBytes, '.')
  const measure = (changes: number) => latencies(watched, healthy, changes, notes)
  await measure(50)
  const before = await measure(300)
  const stalled = await repeat(stalledCount, 50, open)
  const rest = await gateway.stats()
  for (const { ws } of stalled) ws.pause()
  const startedAt = performance.now()
  const beside = await measure(300)
  const peak = await gateway.stats()
  while (performance.now() - startedAt < 60_000 && (await gateway.stats(false)).sockets >= healthyCount + 5)
    await sleep(100)
  const goneS = (performance.now() - startedAt) / 1000
  const after = await measure(300)
  for (const { ws } of [...healthy, ...stalled]) ws.terminate()
  const kbEach = (peak.rssBytes - rest.rssBytes) / stalledCount / 1024
  const times = (share: number) =>
    [before, beside, after].map((values) => quantile(values, share).toFixed(1)).join(', ')
  return (
    `stalled: ${stalledCount} of ${stalledCount + healthyCount} readers stop, events of ${noteBytes} bytes: ` +
    `others' p99 ${times(0.99)} ms before, beside and after them (p50 ${times(0.5)}; goal ≤ +10 %); ` +
    `${kbEach.toFixed(0)} KB RSS a stalled reader (goal ≤ 64 and one event); all closed after ${goneS.toFixed(1)} s (goal ≤ 30)`
  )
}

async function latencies(
  watched: WatchedPin,
  clients: readonly SubscribedClient[],
  changes: number,
  notes: () => string,
): Promise<number[]> {
  const times: number[] = []
  for (let change = 0; change < changes; change++) {
    const startedAt = performance.now()
    const all = clients.map(
      (client) =>
        new Promise<void>((resolve) => {
          client.onMessage = () => {
            times.push(performance.now() - startedAt)
            resolve()
          }
        }),
    )
    await watched.change(notes())
    await Promise.all(all)
  }
  return times
}
