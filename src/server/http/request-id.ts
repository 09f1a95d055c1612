import { randomUUID } from 'node:crypto'

const SANE = /^[\w.:-]{1,128}$/

/** Returns the client's request id if it is fit for headers and logs, and else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && SANE.test(header) ? header : randomUUID()
}
