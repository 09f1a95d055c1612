import { connectRaw, repeat, sleep, subscribeClient } from './clients.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'
import { startWatchedPin, TOKEN } from './watched-pin.ts'

/** Sockets that come before those that are measured, so that what the first ones bring is not counted. */
const WARM = 200

/**
 * Memory and CPU of sockets that are subscribed, and told nothing, since nothing is under way: pings are what is left.
 * Beside it the same of as many sockets of raw `ws`, which pings them as often.
 */
export async function measureIdle(sockets: number, seconds: number): Promise<string> {
  const ours = await measureGateway(sockets, seconds)
  await using raw = await startMeasured('./raw-process.ts')
  const warm = await repeat(WARM, 50, () => connectRaw(raw.url))
  const before = await raw.stats()
  const clients = await repeat(sockets, 50, () => connectRaw(raw.url))
  const after = await raw.stats()
  const cpu = await restingCpu(raw, seconds)
  for (const ws of [...warm, ...clients]) ws.terminate()
  const rssKb = (after.rssBytes - before.rssBytes) / sockets / 1024
  return `${ours}; raw ws ${rssKb.toFixed(1)} KB RSS, ${cpu.toFixed(1)} %`
}

async function measureGateway(sockets: number, seconds: number): Promise<string> {
  await using watched = await startWatchedPin('pinned')
  const { gateway, id } = watched
  const warm = await repeat(WARM, 50, () => subscribeClient(gateway.url, TOKEN, [id]))
  const before = await gateway.stats()
  const startedAt = performance.now()
  const clients = await repeat(sockets, 50, () => subscribeClient(gateway.url, TOKEN, [id]))
  const connectMs = performance.now() - startedAt
  const after = await gateway.stats()
  const cpu = await restingCpu(gateway, seconds)
  const rssKb = (after.rssBytes - before.rssBytes) / sockets / 1024
  const heapKb = (after.heapBytes - before.heapBytes) / sockets / 1024
  for (const { ws } of [...warm, ...clients]) ws.terminate()
  return (
    `idle: ${sockets} subscribed sockets: ${rssKb.toFixed(1)} KB RSS each (goal ≤ 12), ${heapKb.toFixed(1)} KB heap; ` +
    `${cpu.toFixed(1)} % CPU over ${seconds} s (goal < 5); ` +
    `${Math.round((sockets / connectMs) * 1000)} connects and subscribes a second, ${Math.round((after.cpuUs - before.cpuUs) / sockets)} µs CPU each`
  )
}

/** Per cent of a core. */
async function restingCpu(server: MeasuredProcess, seconds: number): Promise<number> {
  // A round of pings first, as whatever is compiled and collected after a start is no part of rest.
  await sleep(13_000)
  const before = await server.stats(false)
  await sleep(seconds * 1000)
  const after = await server.stats(false)
  return (after.cpuUs - before.cpuUs) / seconds / 10_000
}
