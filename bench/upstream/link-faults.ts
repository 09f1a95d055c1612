import { setTimeout as delay } from 'node:timers/promises'
import type { Toxic, Toxiproxy } from './toxiproxy.ts'

const SHORTEST_MS = 400
const LONGEST_MS = 1_900

type Fault = 'down' | readonly Toxic[]

const both = (type: Toxic['type'], attributes: Toxic['attributes']): Fault => [
  { type, stream: 'upstream', attributes },
  { type, stream: 'downstream', attributes },
]
const FAULTS: readonly Fault[] = [
  'down',
  [{ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 0 } }],
  [{ type: 'reset_peer', stream: 'downstream', attributes: { timeout: 0 } }],
  [{ type: 'limit_data', stream: 'downstream', attributes: { bytes: 60 } }],
  [{ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } }],
  both('timeout', { timeout: 0 }),
  [{ type: 'slicer', stream: 'downstream', attributes: { average_size: 10, size_variation: 5, delay: 50_000 } }],
]

export interface LinkFaults {
  /** The part of the time so far that was spent in faults. */
  share(): number
  /** Resolves when the link is good for ever. */
  stop(): Promise<void>
}

/**
 * Makes one fault after the other, each for 0.4 to 1.9 s, with the link good in between.
 *
 * @param share of the time, on average
 */
export function failNowAndThen(link: Toxiproxy, random: () => number, share: number): LinkFaults {
  const stopped = new AbortController()
  const { signal } = stopped
  const startedAt = performance.now()
  let failedMs = 0
  async function run(): Promise<void> {
    while (!signal.aborted) {
      const lastsMs = SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS)
      const goodMs = lastsMs * (1 / share - 1) * (0.5 + random())
      await delay(goodMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? 'down'
      const since = performance.now()
      if (fault === 'down') await link.down()
      else for (const toxic of fault) await link.add(toxic)
      await delay(lastsMs)
      if (fault === 'down') await link.up()
      else await link.clear()
      failedMs += performance.now() - since
    }
  }
  const running = run()
  return {
    share: () => failedMs / (performance.now() - startedAt),
    async stop() {
      stopped.abort()
      await running
    },
  }
}
