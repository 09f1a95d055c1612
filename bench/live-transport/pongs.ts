import type { WebSocket } from 'ws'
import { connectRaw, repeat, sleep } from './clients.ts'
import { startMeasured } from './measured-process.ts'

/** Each round pings every socket as often. */
const PINGS_A_ROUND = 10

/**
 * Processor time of a ping of an idle socket and its pong, with the filter of empty pongs and without it.
 *
 * The two take turns, in processes of their own. The first round of each is not counted.
 */
export async function measurePongs(sockets: number, rounds: number): Promise<string> {
  await using filtered = await startPinged('filtered', sockets)
  await using unfiltered = await startPinged('unfiltered', sockets)
  const both = [filtered, unfiltered]
  const costs = new Map(both.map((each) => [each, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    for (const each of both) {
      const us = await each.roundUs()
      if (round > 0) costs.get(each)?.push(us)
    }
  }
  const [ours, before] = both.map((each) => described(costs.get(each) ?? []))
  return `pongs: ${rounds} rounds of ${sockets * PINGS_A_ROUND} pings: ${ours} µs CPU a ping with its pong; without the filter ${before}`
}

async function startPinged(how: 'filtered' | 'unfiltered', sockets: number) {
  const server = await startMeasured('./pong-process.ts', how)
  let awaited = 0
  let onAll = (): void => {}
  const clients: WebSocket[] = await repeat(sockets, 50, () => connectRaw(server.url))
  for (const ws of clients) {
    ws.on('ping', () => {
      if (--awaited === 0) onAll()
    })
  }
  let sent = 0
  // It comes before the ping of the same socket, and maybe after those of others.
  clients[0]?.on('message', (data) => {
    const count = Number(String(data))
    sent += count
    awaited += count
    if (awaited === 0) onAll()
  })
  return {
    /** Microseconds of the server's processor for each ping of one round. */
    async roundUs(): Promise<number> {
      sent = 0
      const before = await server.stats(false)
      for (let n = 0; n < PINGS_A_ROUND; n++) {
        const all = new Promise<void>((resolve) => {
          onAll = resolve
        })
        clients[0]?.send('ping')
        await all
        // The pongs are on their way. A socket that still owes one is left out of the next pings.
        await sleep(50)
      }
      const after = await server.stats(false)
      return (after.cpuUs - before.cpuUs) / sent
    },
    async [Symbol.asyncDispose]() {
      for (const ws of clients) ws.terminate()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Median, smallest and largest. */
function described(costs: readonly number[]): string {
  const sorted = costs.toSorted((a, b) => a - b).map((us) => us.toFixed(1))
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} to ${sorted.at(-1)})`
}
