import { type Logger as PinoLogger, pino } from 'pino'
import { createRedact } from './redact.ts'

/** The logger that all other rooms use. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'isLevelEnabled'>

/** Gets finished log lines. */
export interface LogSink {
  write(line: string): void
}

/**
 * Makes a logger that writes one JSON object per line, without any token.
 *
 * @param options.level least severe level that is written
 * @param options.secrets configured tokens, hidden wherever they occur; see `createRedact`
 */
export function createLogger(options: { level: string; secrets: readonly string[]; sink: LogSink }): Logger {
  const { level, secrets, sink } = options
  const redact = createRedact(secrets)
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => writeSafely(sink, redact(line)) },
  )
}

/** Writes a line, or drops it: a host's log that fails must not stop what is logged. */
function writeSafely(sink: LogSink, line: string): void {
  try {
    sink.write(line)
  } catch {}
}
