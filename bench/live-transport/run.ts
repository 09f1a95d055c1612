/**
 * Measures the cost of live status from the gateway to browsers. The gateway runs in a process of its own, on core 0 where
 * `taskset` is there; the service and the clients share this one, on core 1.
 *
 * Run: node --import tsx bench/live-transport/run.ts [delivery detection burst idle pongs stalled silent cycles] [--full]
 * Without names all run; `--full` takes the sizes of the goals, and half an hour. As many idle sockets as `ulimit -n` lets.
 */
import { loadavg } from 'node:os'
import { measureCycles } from './cycles.ts'
import { measureDelivery } from './delivery.ts'
import { measureDetection } from './detection.ts'
import { measureIdle } from './idle.ts'
import { measurePongs } from './pongs.ts'
import { measureStalled } from './stalled.ts'

const isFull = process.argv.includes('--full')
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const benches: Record<string, () => Promise<string>> = {
  delivery: () => measureDelivery(isFull ? 5_000 : 2_500, isFull ? 100 : 40),
  detection: () => measureDetection(isFull ? 10_000 : 2_000, 1_000, { tenants: 100, seconds: isFull ? 60 : 10 }),
  burst: () => measureDetection(isFull ? 10_000 : 2_000, 1_000, { tenants: 1, seconds: isFull ? 60 : 10 }),
  idle: () => measureIdle(isFull ? Math.min(20_000, openFiles() - 300) : 3_000, isFull ? 60 : 10),
  pongs: () => measurePongs(isFull ? 2_000 : 500, isFull ? 15 : 5),
  stalled: () => measureStalled(100, isFull ? 200 : 50, { noteBytes: 60_000, seconds: isFull ? 10 : 3 }),
  silent: () => measureStalled(100, isFull ? 200 : 50, { noteBytes: 20, seconds: isFull ? 10 : 3 }),
  cycles: () => measureCycles(isFull ? 100_000 : 3_000),
}

/** Returns the number of files and sockets that a process may open. */
function openFiles(): number {
  const { userLimits } = process.report.getReport() as { userLimits: { open_files: { soft: number | 'unlimited' } } }
  return Number(userLimits.open_files.soft) || Number.POSITIVE_INFINITY
}

for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const load = loadavg()[0]?.toFixed(1)
  process.stdout.write(`load ${load}; ${await bench()}\n`)
}
process.exit(0)
