import { connect, type Socket } from 'node:net'

/** A connection of which a test writes every byte. Disposing it closes it. */
export interface RawConnection extends Disposable {
  readonly socket: Socket
  /** All that has come so far. */
  readonly received: string
  /** Resolves when the other side has closed the connection: `end` when it closed cleanly, else the code of the error. */
  readonly closed: Promise<string>
  write(text: string): void
}

/** Connects to the server of a URL. Resolves once the connection is open. */
export async function connectTo(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let received = ''
  let failure: string | null = null
  let hasEnded = false
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure = error.code ?? error.message
  })
  socket.on('end', () => {
    hasEnded = true
  })
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(failure ?? (hasEnded ? 'end' : 'closed')))
  })
  if (socket.connecting) await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed])
  return {
    socket,
    closed,
    get received() {
      return received
    },
    write: (text) => void socket.write(text),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
