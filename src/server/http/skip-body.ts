import type { IncomingMessage } from 'node:http'
import { ChunkSizes } from '../../domain/chunk-sizes.ts'

/**
 * Reads the rest of a body that nobody needs, so that the connection can be used again. Of a body in thousands of tiny chunks, the connection
 * is closed, since it would take as long to skip it as to read it. Node would read it to its end.
 */
export function skipBody(req: IncomingMessage): void {
  // A body of an announced length comes in chunks that are as long as possible.
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
