import { once } from 'node:events'
import { connectRaw, repeat, subscribeClient } from './clients.ts'
import { startMeasured } from './measured-process.ts'
import { startWatchedPin, TOKEN } from './watched-pin.ts'

/** CPU a delivery: one event to many equal subscriptions, against raw `ws` sending the same bytes in the same run. */
export async function measureDelivery(sockets: number, events: number): Promise<string> {
  const ours = await measureGateway(sockets, events)
  const raw = await measureRaw(sockets, events, ours.frame)
  const again = await measureRaw(sockets, events, ours.frame)
  const floor = Math.min(raw, again)
  return (
    `delivery: ${sockets} sockets, ${events} events of ${ours.frame.length} bytes: ${ours.cpuUs.toFixed(1)} µs CPU each; ` +
    `raw ws ${raw.toFixed(1)} and ${again.toFixed(1)} µs; ratio ${(ours.cpuUs / floor).toFixed(2)} (goal ≤ 2)`
  )
}

async function measureGateway(sockets: number, events: number): Promise<{ cpuUs: number; frame: Buffer }> {
  await using watched = await startWatchedPin()
  const { gateway } = watched
  const clients = await repeat(sockets, 50, () => subscribeClient(gateway.url, TOKEN, [watched.id]))
  let frame: Buffer = Buffer.alloc(0)
  const tell = async (note: string) => {
    const all = Promise.all(
      clients.map(
        (client) =>
          new Promise<void>((resolve) => {
            client.onMessage = (data) => {
              frame = data
              resolve()
            }
          }),
      ),
    )
    await watched.change(note)
    await all
  }
  for (let warmUp = 0; warmUp < 5; warmUp++) await tell(`warm up ${warmUp}`)
  const before = await gateway.stats(false)
  for (let event = 0; event < events; event++) await tell(`event ${event}`)
  const after = await gateway.stats(false)
  for (const { ws } of clients) ws.terminate()
  return { cpuUs: (after.cpuUs - before.cpuUs) / sockets / events, frame }
}

async function measureRaw(sockets: number, events: number, frame: Buffer): Promise<number> {
  await using raw = await startMeasured('./raw-process.ts')
  const clients = await repeat(sockets, 50, () => connectRaw(raw.url))
  const tell = async () => {
    const all = Promise.all(clients.map((ws) => once(ws, 'message')))
    clients[0]?.send(frame)
    await all
  }
  for (let warmUp = 0; warmUp < 5; warmUp++) await tell()
  const before = await raw.stats(false)
  for (let event = 0; event < events; event++) await tell()
  const after = await raw.stats(false)
  for (const ws of clients) ws.terminate()
  return (after.cpuUs - before.cpuUs) / sockets / events
}
