import { type RawData, WebSocket } from 'ws'

/** Gets all events of one WebSocket. */
export interface SocketListener {
  received(data: RawData, isBinary: boolean): void
  ponged(payload: Buffer): void
  /** Called for a malformed frame. `ws` closes the socket by itself, with the right code. */
  failed(error: Error): void
  closed(): void
  /** Called with what another of these methods has thrown, which is a bug. To throw on would end the process. */
  threw(error: unknown): void
}

/**
 * A WebSocket with one listener for all events.
 *
 * All sockets share the functions that `ws` calls. A function of its own would cost each socket 64 bytes, and the variables
 * that the function encloses.
 */
export class ServedSocket extends WebSocket {
  listener: SocketListener | null = null

  /** To be called once. */
  listen(listener: SocketListener): void {
    this.listener = listener
    this.on('message', onMessage)
    this.on('pong', onPong)
    this.on('error', onError)
    this.on('close', onClose)
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  tell(this, (listener) => listener.received(data, isBinary))
}

function onPong(this: WebSocket, payload: Buffer): void {
  tell(this, (listener) => listener.ponged(payload))
}

function onError(this: WebSocket, error: Error): void {
  tell(this, (listener) => listener.failed(error))
}

function onClose(this: WebSocket): void {
  tell(this, (listener) => listener.closed())
}

function tell(socket: WebSocket, what: (listener: SocketListener) => void): void {
  const listener = socket instanceof ServedSocket ? socket.listener : null
  if (!listener) return
  try {
    what(listener)
  } catch (error) {
    listener.threw(error)
  }
}
