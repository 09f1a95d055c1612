import { once } from 'node:events'
import { repeat, sleep, subscribeClient } from './clients.ts'
import { startWatchedPin, TOKEN } from './watched-pin.ts'

/** Measures the memory and timers that remain after clients connect, subscribe and drop. */
export async function measureCycles(cycles: number): Promise<string> {
  await using watched = await startWatchedPin()
  const { gateway, id } = watched
  const run = (count: number) =>
    repeat(count, 50, async (index) => {
      // Ports rest for a minute; all of 127.0.0.0/8 is loopback on Linux.
      const address = process.platform === 'linux' ? `127.0.0.${1 + (index % 8)}` : undefined
      const { ws } = await subscribeClient(gateway.url, TOKEN, [id], address)
      // One half says good-bye.
      if (index % 2 === 0) ws.close()
      else ws.terminate()
      await once(ws, 'close')
    })
  const idle = await gateway.stats()
  await run(Math.ceil(cycles / 10))
  const before = await gateway.stats()
  await run(cycles)
  const after = await gateway.stats()
  // After the linger time, the gateway no longer polls for the clients that left.
  await sleep(33_000)
  const requests = watched.requests()
  const end = await gateway.stats()
  await sleep(5_000)
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1)
  return (
    `cycles: ${cycles} of connect, subscribe, drop: heap ${mb(before.heapBytes)} → ${mb(after.heapBytes)} → ${mb(end.heapBytes)} MB ` +
    `(${(100 * (end.heapBytes / before.heapBytes - 1)).toFixed(1)} %, goal ≤ +5); timers ${idle.timers} → ${end.timers}, ` +
    `sockets ${idle.sockets} → ${end.sockets}; polls in 5 s after the linger: ${watched.requests() - requests}`
  )
}
