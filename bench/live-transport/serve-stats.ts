/** What a measured process tells of itself. */
export interface Stats {
  /** Microseconds of user and system time since its start, without the collection that asking may cost. */
  readonly cpuUs: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly timers: number
  readonly sockets: number
}

/** Tells the parent process where to connect, and answers each of its messages by the present figures. */
export function serveStats(url: string): void {
  process.on('message', (isExact: boolean) => {
    const { user, system } = process.cpuUsage()
    // Twice, since some memory is only let go by what the first collection finalises.
    if (isExact) for (let round = 0; round < 2; round++) globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    const resources = process.getActiveResourcesInfo()
    const count = (kind: string) => resources.filter((each) => each === kind).length
    const stats: Stats = {
      cpuUs: user + system,
      rssBytes: rss,
      heapBytes: heapUsed,
      timers: count('Timeout'),
      sockets: count('TCPSocketWrap'),
    }
    process.send?.(stats)
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.(url)
}
