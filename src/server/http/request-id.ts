import { randomUUID } from 'node:crypto'

const SANE = /^[\w.:-]{1,128}$/

/** The caller's request id when it is short and plain enough for headers and logs, else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && SANE.test(header) ? header : randomUUID()
}
