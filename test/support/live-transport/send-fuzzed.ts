import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { FuzzedFrame } from './fuzzed-frames.ts'

/** Sends what a frame says, past all that keeps a decent client from it. */
export function sendFuzzed(ws: WebSocket, { data, isBinary, parts, isRaw }: FuzzedFrame): void {
  if (ws.readyState !== ws.OPEN) return
  if (isRaw) {
    ;(ws as unknown as { readonly _socket: Duplex })._socket.write(data)
    return
  }
  const bytes = Buffer.from(data as string)
  const size = Math.max(1, Math.ceil(bytes.length / parts))
  for (let at = 0; at === 0 || at < bytes.length; at += size) {
    const fin = at + size >= bytes.length
    ws.send(bytes.subarray(at, at + size), { binary: isBinary, fin }, () => {})
  }
}
