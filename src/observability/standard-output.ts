import type { LogSink } from './logger.ts'

/**
 * Returns the log sink that writes to standard output. Lines are lost when nobody reads them any more: without a listener for that
 * error, the process would end.
 */
export function standardOutput(): LogSink {
  const { stdout } = process
  if (!stdout.listeners('error').includes(ignore)) stdout.on('error', ignore)
  return { write: (line) => void stdout.write(line) }
}

function ignore(): void {}
