import { once } from 'node:events'
import { connectRaw, quantile, repeat, subscribeClient } from './clients.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'
import { startWatchedPin, TOKEN } from './watched-pin.ts'

const ROUNDS = 10

/** A server with all its clients connected. */
interface Side {
  readonly server: MeasuredProcess
  /** Sends an event to all clients, and waits until each has it. */
  tell(): Promise<void>
}

/**
 * CPU a delivery: one event to many equal subscriptions, against raw `ws` sending the same bytes. Both are up all the time
 * and are measured in turns, so that whatever else the machine does is the same for both.
 */
export async function measureDelivery(sockets: number, events: number): Promise<string> {
  await using watched = await startWatchedPin()
  await using raw = await startMeasured('./raw-process.ts')
  const subscribed = await repeat(sockets, 50, () => subscribeClient(watched.gateway.url, TOKEN, [watched.id]))
  const clients = await repeat(sockets, 50, () => connectRaw(raw.url))
  let frame: Buffer = Buffer.alloc(0)
  const ours: Side = {
    server: watched.gateway,
    async tell() {
      const all = subscribed.map(
        (client) =>
          new Promise<void>((resolve) => {
            client.onMessage = (data) => {
              frame = data
              resolve()
            }
          }),
      )
      await watched.change(`event ${Math.random()}`.padEnd(24, '0'))
      await Promise.all(all)
    },
  }
  const floor: Side = {
    server: raw,
    async tell() {
      const all = Promise.all(clients.map((ws) => once(ws, 'message')))
      clients[0]?.send(frame)
      await all
    },
  }
  const cpuUs = async ({ server, tell }: Side, count: number): Promise<number> => {
    const before = await server.stats(false)
    for (let event = 0; event < count; event++) await tell()
    return ((await server.stats(false)).cpuUs - before.cpuUs) / sockets / count
  }
  for (const side of [ours, floor]) await cpuUs(side, 5)
  const rounds: { ours: number; floor: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const count = Math.ceil(events / ROUNDS)
    rounds.push({ ours: await cpuUs(ours, count), floor: await cpuUs(floor, count) })
  }
  for (const { ws } of subscribed) ws.terminate()
  for (const ws of clients) ws.terminate()
  const median = (values: readonly number[]) => quantile(values, 0.5)
  const ratio = median(rounds.map((each) => each.ours / each.floor))
  return (
    `delivery: ${sockets} sockets, ${events} events of ${frame.length} bytes: ` +
    `${median(rounds.map((each) => each.ours)).toFixed(1)} µs CPU each; ` +
    `raw ws ${median(rounds.map((each) => each.floor)).toFixed(1)} µs; ratio ${ratio.toFixed(2)} (goal ≤ 1.3)`
  )
}
