import type { Server } from 'node:http'

/** A request that was answered, or whose client was gone before. Has no query, no header and no token. */
export interface RequestLine {
  readonly method: string
  readonly path: string
  /** Status of the answer. Absent when the client was gone before it was sent. */
  readonly status?: number
  readonly aborted?: true
  /** Milliseconds from its head to the end of its answer. */
  readonly ms: number
}

/** Reports every request of a server, when it is over. */
export function watchRequests(server: Server, onRequest: (line: RequestLine) => void): void {
  server.on('request', ({ method = '', url = '/' }, res) => {
    const startedAt = performance.now()
    const path = url.split('?', 1)[0] ?? ''
    res.once('close', () => {
      const end = res.writableFinished ? { status: res.statusCode } : ({ aborted: true } as const)
      onRequest({ method, path, ...end, ms: Math.round(performance.now() - startedAt) })
    })
  })
}
