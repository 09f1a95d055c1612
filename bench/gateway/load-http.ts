import { connect, type Socket } from 'node:net'

export interface HttpLoad {
  /** Of each answer, the time from sending its request to its last byte. */
  readonly latenciesMs: readonly number[]
  readonly tookMs: number
}

/**
 * Sends HTTP/1.1 requests for some seconds, each connection the next one when its answer is complete. Returns when the last
 * answer has come.
 *
 * Written on sockets: an HTTP client would need more processor time than a server under test, which would then wait for it.
 *
 * @param requests complete requests with headers and body, sent in turn
 * @param options.answerBytes length of the body that every answer must have
 * @throws {Error} on another status than 200, another length, or a connection that ends
 */
export async function loadHttp(
  port: number,
  requests: readonly Buffer[],
  options: { connections: number; seconds: number; answerBytes: number },
): Promise<HttpLoad> {
  const { connections, seconds, answerBytes } = options
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(port)))
  const latenciesMs: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  let next = 0

  /** Sends request after request until time is up. */
  function work(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      let sentAt = 0
      let bytesLeft = 0
      function send(): void {
        sentAt = performance.now()
        if (sentAt >= endsAt) resolve()
        else socket.write(requests[next++ % requests.length] as Buffer)
      }
      function read(chunk: Buffer): void {
        if (bytesLeft > 0) {
          bytesLeft -= chunk.length
        } else {
          const bodyAt = chunk.indexOf('\r\n\r\n') + 4
          const head = chunk.toString('latin1', 0, bodyAt)
          const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1])
          if (!head.startsWith('HTTP/1.1 200 ') || length !== answerBytes) {
            reject(new Error(`Expected 200 and ${answerBytes} bytes, got: ${chunk.toString('latin1', 0, 800)}`))
            return
          }
          bytesLeft = length - (chunk.length - bodyAt)
        }
        if (bytesLeft > 0) return
        latenciesMs.push(performance.now() - sentAt)
        send()
      }
      socket.on('data', read)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('The server closed a connection')))
      send()
    })
  }

  try {
    await Promise.all(sockets.map(work))
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  return { latenciesMs, tookMs: performance.now() - startedAt }
}

function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}
