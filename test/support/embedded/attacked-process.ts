import { readFileSync } from 'node:fs'
import { type EmbeddedOptions, startInThisThread } from '../../../src/embedded/start-in-this-thread.ts'

// Run as a process of its own, so that an attack that ends it is seen. Started with `--expose-gc`.
const options = JSON.parse(process.argv[2] ?? '') as EmbeddedOptions
const service = await startInThisThread(options, (error) => process.send?.({ type: 'error', text: String(error) }))

// The CPU time between two ticks of a timer is the longest time for which nothing else could run. On a busy machine, the wall clock
// says nothing about the service.
let usedAtTick = cpuMs()
let longestBlockMs = 0
setInterval(() => {
  const used = cpuMs()
  longestBlockMs = Math.max(longestBlockMs, used - usedAtTick)
  usedAtTick = used
}, 5)

/** Returns the CPU time of the main thread in milliseconds. Systems other than Linux only know that of all threads. */
function cpuMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  }
}

process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const { maxRSS } = process.resourceUsage()
  process.send?.({
    type: 'state',
    usedBytes: heapUsed + external,
    rssBytes: rss,
    maxRssBytes: maxRSS * 1024,
    longestBlockMs,
  })
  longestBlockMs = 0
  usedAtTick = cpuMs()
})
process.send?.({ type: 'started', endpoint: service.endpoint, addresses: service.addresses })
