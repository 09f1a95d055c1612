import type { IncomingMessage } from 'node:http'
import { ChunkSizes } from '../../domain/chunk-sizes.ts'

/**
 * Reads the rest of a body in chunks that nobody needs, so that the connection can be used again. The connection is closed if there are
 * thousands of tiny chunks, since it takes as long to skip them as to read them. Node would read such a body to its end.
 */
export function skipBody(req: IncomingMessage): void {
  if (req.complete) return
  const sizes = new ChunkSizes()
  req.on('data', (chunk: Buffer) => {
    sizes.add(chunk)
    if (sizes.areTiny) req.destroy()
  })
  req.resume()
}
