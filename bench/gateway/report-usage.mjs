// Loaded into a measured server where there is no /proc: reports its user and system time in microseconds when asked.
process.on('message', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  process.send(userCPUTime + systemCPUTime)
})
process.channel.unref()
