import type { IncomingMessage } from 'node:http'
import { ChunkSizes } from '../../domain/chunk-sizes.ts'

/**
 * Reads the rest of a body that nobody needs, so that the connection can be used again. The connection is closed if the body comes in
 * thousands of tiny chunks, since it takes as long to skip them as to read them. Node would read such a body to its end.
 */
export function skipBody(req: IncomingMessage): void {
  // Node hands out all that has come of a body with an announced length as one chunk.
  if (req.complete || req.headers['transfer-encoding'] === undefined) {
    if (req.readableDidRead) req.resume()
    return
  }
  const sizes = new ChunkSizes()
  req.on('data', (chunk: Buffer) => {
    sizes.add(chunk)
    if (sizes.areTiny) req.destroy()
  })
  req.resume()
}
