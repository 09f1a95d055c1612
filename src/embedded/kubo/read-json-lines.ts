import { parseUntrustedJson } from '../../domain/untrusted-json.ts'

/** No object of the commands in use is nearly as long. */
const MAX_LINE_BYTES = 1024 * 1024

/**
 * Yields the objects of a body with one JSON object per line, as they arrive.
 *
 * @throws {SyntaxError} for a line that is not JSON, or is longer than 1 MiB
 */
export async function* readJsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_BYTES) throw new SyntaxError(`A line has more than ${MAX_LINE_BYTES} bytes`)
    for (const line of lines) if (line.trim()) yield parseUntrustedJson(line)
  }
  if (rest.trim()) yield parseUntrustedJson(rest)
}
