import type { LogSink } from '../../../src/index.ts'

/** A logger such as pino, which is Fastify's. */
type Logger = Readonly<Record<string, (fields: object, message: string) => void>>

export function logTo(logger: Logger): LogSink {
  return {
    write(line) {
      const { time, level, msg, ...fields } = JSON.parse(line)
      logger[level]?.(fields, msg)
    },
  }
}
