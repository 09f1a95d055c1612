import { quantile, repeat, type SubscribedClient, sleep, subscribeClient } from './clients.ts'
import { startWatchedPin, TOKEN, type WatchedPin } from './watched-pin.ts'

const ROUNDS = 5

/**
 * Measures the effect of stalled readers on the others, and the fate of the stalled ones.
 *
 * @param noteBytes about the length of each event: 60 KB fill every buffer at once, and a few bytes none
 * @param seconds for which the others are watched each time, by themselves and beside those who have stopped
 */
export async function measureStalled(
  stalledCount: number,
  healthyCount: number,
  { noteBytes, seconds }: { noteBytes: number; seconds: number },
): Promise<string> {
  await using watched = await startWatchedPin()
  const { gateway, id } = watched
  const open = () => subscribeClient(gateway.url, TOKEN, [id])
  const healthy = await repeat(healthyCount, 50, open)
  const notes = () => `${Math.random()} `.padEnd(noteBytes, '.')
  const measure = (times: number[]) => latencies(watched, healthy, { seconds, notes, times })
  await measure([])
  const alone: number[] = []
  const beside: number[] = []
  let goneS = 0
  let heldKb = 0
  for (let round = 0; round < ROUNDS; round++) {
    // Collects garbage, which slows down what follows: before both, therefore.
    await gateway.stats()
    await measure(alone)
    const stalled = await repeat(stalledCount, 50, open)
    await gateway.stats()
    for (const { ws } of stalled) ws.pause()
    const startedAt = performance.now()
    await measure(beside)
    const { heapBytes: held } = await gateway.stats()
    while (performance.now() - startedAt < 60_000 && (await gateway.stats(false)).sockets >= healthyCount + 5)
      await sleep(100)
    goneS = Math.max(goneS, (performance.now() - startedAt) / 1000)
    // The connections themselves are part of it, nothing else happens between the two.
    const { heapBytes: free } = await gateway.stats()
    heldKb = Math.max(heldKb, (held - free) / stalledCount / 1024)
    for (const { ws } of stalled) ws.terminate()
  }
  for (const { ws } of healthy) ws.terminate()
  const at = (share: number) => [alone, beside].map((values) => quantile(values, share).toFixed(1)).join(' and ')
  const growth = 100 * (quantile(beside, 0.99) / quantile(alone, 0.99) - 1)
  return (
    `stalled: ${stalledCount} of ${stalledCount + healthyCount} readers stop, events of ${noteBytes} bytes: ` +
    `others' p99 ${at(0.99)} ms by themselves and beside them (${growth.toFixed(0)} %, goal ≤ +10; p50 ${at(0.5)}); ` +
    `${heldKb.toFixed(0)} KB held a stalled reader (goal ≤ 64 and one event); all closed after ${goneS.toFixed(1)} s (goal ≤ 30)`
  )
}

/** Changes the pin, again and again, and adds to `times` the milliseconds until each client has heard of it. */
async function latencies(
  watched: WatchedPin,
  clients: readonly SubscribedClient[],
  { seconds, notes, times }: { seconds: number; notes: () => string; times: number[] },
): Promise<void> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
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
}
