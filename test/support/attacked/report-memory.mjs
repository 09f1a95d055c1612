// Loaded into an attacked process: on SIGUSR2 it collects garbage, and writes the bytes in use to standard error. Needs `--expose-gc`.
process.on('SIGUSR2', async () => {
  // Twice, and with time between: some memory is let go only by what the first collection finalises, buffers by a thread.
  for (let round = 0; round < 2; round++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { heapUsed, external } = process.memoryUsage()
  process.stderr.write(`memory ${heapUsed + external}\n`)
})
