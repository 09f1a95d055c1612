import { setTimeout as delay } from 'node:timers/promises'
import type { DirectionFaults, FaultProxy, Faults } from '../fault-proxy.ts'

/** Somebody who makes trouble on a connection. */
export interface Trouble {
  /** Number of times that each fault was made. */
  readonly counts: ReadonlyMap<string, number>
  start(): void
  /** Resolves when nothing is wrong any more. */
  stop(): Promise<void>
}

/** Faults of one direction, as they are drawn: milliseconds, bytes. */
const DIRECTION_FAULTS: Readonly<Record<string, (draw: (most: number) => number) => DirectionFaults>> = {
  latency: (draw) => ({ latency: { ms: draw(60), jitterMs: draw(30) } }),
  bandwidth: (draw) => ({ bandwidth: { bytesPerSecond: 20_000 + draw(400_000) } }),
  'slow close': (draw) => ({ slowClose: { delayMs: draw(100) } }),
  timeout: (draw) => ({ timeout: { afterMs: draw(2) < 1 ? 0 : 1 + draw(100) } }),
  slicer: (draw) => ({ slicer: { averageBytes: 50 + draw(1_000), variationBytes: draw(50), delayMs: draw(2) } }),
  'limit data': (draw) => ({ limitData: { bytes: draw(20_000) } }),
}

const FAULTS = [...Object.keys(DIRECTION_FAULTS), 'reset', 'down']
/** Most milliseconds that trouble takes, and that there is none. */
const LONGEST_TROUBLE_MS = 200
const LONGEST_PEACE_MS = 400

/** Makes one to three of Toxiproxy's faults at a time, in either direction, with some peace in between, once it is started. */
export function makeTrouble(proxy: FaultProxy, random: () => number): Trouble {
  const counts = new Map<string, number>()
  let stopped = new AbortController()
  let running = Promise.resolve()
  const draw = (most: number): number => Math.floor(random() * most)

  async function once(): Promise<void> {
    const kinds = new Set(Array.from({ length: 1 + draw(3) }, () => FAULTS[draw(FAULTS.length)] as string))
    for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    proxy.set(drawFaults(kinds, draw, random))
    if (kinds.has('down')) await proxy.down()
    await delay(draw(LONGEST_TROUBLE_MS))
    proxy.clear()
    // TCP would not go on behind bytes that were swallowed.
    if (kinds.has('timeout') && !kinds.has('down')) await proxy.down()
    if (kinds.has('timeout') || kinds.has('down')) await proxy.up()
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await once()
      await delay(draw(LONGEST_PEACE_MS), undefined, { signal }).catch(() => {})
    }
  }
  return {
    counts,
    start() {
      stopped = new AbortController()
      running = run(stopped.signal)
    },
    async stop() {
      stopped.abort()
      await running
    },
  }
}

function drawFaults(kinds: ReadonlySet<string>, draw: (most: number) => number, random: () => number): Faults {
  const both = { upstream: {}, downstream: {} } satisfies Faults
  for (const kind of kinds) {
    const faults = DIRECTION_FAULTS[kind]?.(draw)
    if (faults) Object.assign(random() < 0.5 ? both.upstream : both.downstream, faults)
  }
  return kinds.has('reset') ? { ...both, resetPeer: { afterMs: draw(100) } } : both
}
