import type { Logger } from '../observability/logger.ts'

/**
 * Logs unhandled rejections. Without this, Node would end the process.
 *
 * Each is a bug, of pinql or of a library. For example, graphql-js leaves rejections behind when an element of a list throws
 * while earlier elements are still awaited. One client's request must not end the requests of all others.
 */
export function logUnhandledRejections(log: Pick<Logger, 'error'>): void {
  process.on('unhandledRejection', (err) => log.error({ err }, 'Unexpected error'))
}
