import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { serve } from '../gateway/start-process.ts'

const HEAD_END = '\r\n\r\n'

/**
 * A service that answers each `POST /pins` at once with the pin that was sent, its `meta` included, so that pinql has
 * nothing to look up. It answers anything else with 404 and counts it.
 *
 * It reads HTTP by hand, since it shares a core with the load.
 */
serve(async () => {
  let [adds, others] = [0, 0]

  function answer(head: string, body: string): string {
    if (!head.startsWith('POST /pins ')) {
      others++
      return respond('404 Not Found', '{"error":{"reason":"NOT_FOUND"}}')
    }
    const pin = JSON.stringify({
      requestid: `pin-${++adds}`,
      status: 'queued',
      created: new Date().toISOString(),
      pin: JSON.parse(body),
      delegates: ['/ip4/203.0.113.1/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'],
      info: {},
    })
    return respond('202 Accepted', pin)
  }

  const server = createServer((socket: Socket) => {
    let text = ''
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf(HEAD_END); end >= 0; end = text.indexOf(HEAD_END)) {
        const head = text.slice(0, end)
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
        const bodyAt = end + HEAD_END.length
        if (text.length < bodyAt + length) return
        const body = text.slice(bodyAt, bodyAt + length)
        text = text.slice(bodyAt + length)
        socket.write(answer(head, body))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, counts: () => ({ adds, others }) }
})

function respond(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}${HEAD_END}${body}`
}
