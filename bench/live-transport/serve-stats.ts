/** A measured process's report of itself. */
export interface Stats {
  /** Microseconds of user and system time since its start, without the collection that asking may cost. */
  readonly cpuUs: number
  readonly rssBytes: number
  /** Bytes of memory in use, buffers included. */
  readonly heapBytes: number
  readonly timers: number
  readonly sockets: number
}

/** Tells the parent process where to connect, and answers each of its messages by the present figures. */
export function serveStats(url: string): void {
  process.on('message', async (isExact: boolean) => {
    const { user, system } = process.cpuUsage()
    // Twice, and with time between: some memory is let go only by what the first collection finalises, buffers by a thread.
    for (let round = 0; isExact && round < 2; round++) {
      globalThis.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { rss, heapUsed, external } = process.memoryUsage()
    const resources = process.getActiveResourcesInfo()
    const count = (kind: string) => resources.filter((each) => each === kind).length
    const stats: Stats = {
      cpuUs: user + system,
      rssBytes: rss,
      heapBytes: heapUsed + external,
      timers: count('Timeout'),
      sockets: count('TCPSocketWrap'),
    }
    process.send?.(stats)
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.(url)
}
