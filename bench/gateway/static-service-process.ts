import { createServer, type Socket } from 'node:net'
import { examplePin } from './example-pin.ts'
import { serve } from './start-process.ts'

/**
 * A service that answers at once, always alike: a list has the newest of its pins, and every pin exists.
 *
 * Written on sockets, since node:http would need as much processor time as a proxy under test, which would then wait for it.
 * It reads GET requests without pipelining.
 */
serve(async ({ pins = 100 }: { pins?: number }) => {
  const lists = new Map<number, Buffer>()
  const [before = '', after = ''] = JSON.stringify(examplePin(7, '@')).split('@')

  function answerTo(path: string): Buffer | string {
    const [, id] = /^\/pins\/([^?]+)/.exec(path) ?? []
    if (id !== undefined) return formatAnswer(before + id + after)
    const limit = Number(/limit=(\d+)/.exec(path)?.[1] ?? 10)
    const list = lists.get(limit) ?? Buffer.from(formatAnswer(formatList(Math.min(limit, pins))))
    lists.set(limit, list)
    return list
  }

  function formatList(length: number): string {
    const results = Array.from({ length }, (_, n) => examplePin(n, `pin-${String(n).padStart(6, '0')}`))
    return JSON.stringify({ count: pins, results })
  }

  function answer(socket: Socket): void {
    let request = ''
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1')
      if (!request.endsWith('\r\n\r\n')) return
      const [, path = ''] = request.split(' ', 2)
      request = ''
      socket.write(answerTo(path))
    })
    // A client may go away in any way.
    socket.on('error', () => socket.destroy())
  }

  const server = createServer({ noDelay: true }, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}` }
})

/** @param body of ASCII characters only */
function formatAnswer(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}
