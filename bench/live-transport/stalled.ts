import { repeat, type SubscribedClient, subscribeClient } from './clients.ts'
import { startWatchedPin, TOKEN, type WatchedPin } from './watched-pin.ts'

/** What readers who stop reading do to others, and what becomes of them. */
export async function measureStalled(stalledCount: number, healthyCount: number): Promise<string> {
  await using watched = await startWatchedPin()
  const { gateway, id } = watched
  const open = () => subscribeClient(gateway.url, TOKEN, [id])
  const healthy = await repeat(healthyCount, 50, open)
  // 60 KB a change, so that what the operating system takes in, up to 10 MB a socket, is soon full.
  const notes = (change: number) => `${change} `.padEnd(60_000, '.')
  await latencies(watched, healthy, 50, notes)
  const alone = await latencies(watched, healthy, 300, notes)
  const stalled = await repeat(stalledCount, 50, open)
  const before = await gateway.stats()
  for (const { ws } of stalled) ws.pause()
  const startedAt = performance.now()
  await latencies(watched, healthy, 400, notes)
  const peak = await gateway.stats()
  const beside = await latencies(watched, healthy, 200, notes)
  const goneS = await secondsUntil(startedAt, async () => (await gateway.stats(false)).sockets < healthyCount + 5)
  for (const { ws } of stalled) ws.terminate()
  const kbEach = (peak.rssBytes - before.rssBytes) / stalledCount / 1024
  for (const { ws } of healthy) ws.terminate()
  return (
    `stalled: ${stalledCount} of ${stalledCount + healthyCount} readers stop: others' p99 ${alone.p99.toFixed(1)} ms before, ` +
    `${beside.p99.toFixed(1)} ms beside them (p50 ${alone.p50.toFixed(1)}, ${beside.p50.toFixed(1)}); ` +
    `${kbEach.toFixed(0)} KB RSS a stalled reader; all closed ${goneS} s after they stopped, which is before their buffers were full`
  )
}

async function latencies(
  watched: WatchedPin,
  clients: readonly SubscribedClient[],
  changes: number,
  notes: (n: number) => string,
) {
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
    await watched.change(notes(Math.random()))
    await Promise.all(all)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}

async function secondsUntil(startedAt: number, isSo: () => Promise<boolean>): Promise<string> {
  while (performance.now() - startedAt < 120_000) {
    if (await isSo()) return ((performance.now() - startedAt) / 1000).toFixed(0)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  return 'more than 120'
}
