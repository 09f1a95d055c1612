import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_END = '\r\n\r\n'

/** One HTTP connection, one request at a time, without what a whole HTTP client costs. */
export class RawConnection implements Disposable {
  readonly #socket: Socket
  #text = ''
  #take: ((answer: string) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')))
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  /** Sends a whole request. Returns the whole answer, which must have a `content-length`. */
  ask(request: string): Promise<string> {
    return new Promise((resolve) => {
      this.#take = resolve
      this.#socket.write(request)
    })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const end = this.#text.indexOf(HEAD_END)
    if (end < 0) return
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, end))?.[1])
    if (this.#text.length < end + HEAD_END.length + length) return
    const answer = this.#text
    this.#text = ''
    this.#take?.(answer)
  }
}

/** A request of HTTP/1.1 as text. */
export function rawRequest(method: string, path: string, headers: Record<string, string>, body = ''): string {
  const all = { host: '127.0.0.1', ...headers, ...(body && { 'content-length': String(body.length) }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}${HEAD_END}${body}`
}
