import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** True when the client offers WebSocket. */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Gives a request back to the server without its offer of another protocol.
 *
 * Some clients offer HTTP/2 with every plain request, and a server may stay with HTTP/1.1. Node emits `upgrade` for every
 * such request as soon as there is a listener.
 *
 * @returns false if the server has TLS: the connection cannot be given back then, and clients make no such offer
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.8
 */
export function ignoreUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  // Node sets it on the sockets of every server.
  const { server } = request.socket as Socket & { server?: Server }
  if (!server || 'encrypted' in request.socket) return false
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (!/^(?:connection|upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
  return true
}
