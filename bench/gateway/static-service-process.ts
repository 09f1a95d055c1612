import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { examplePin } from './example-pin.ts'
import { serve } from './start-process.ts'

/** A service that answers at once, always alike: a list has the newest of its 100 pins, and every pin exists. */
serve(async () => {
  const results = Array.from({ length: 100 }, (_, n) => examplePin(n, `pin-${n}`))
  const lists = results.map((_, n) => JSON.stringify({ count: 100, results: results.slice(0, n + 1) }))
  const one = JSON.stringify(examplePin(0, '@'))
  const server = createServer(({ url = '' }, response) => {
    const id = url.startsWith('/pins/') ? url.slice('/pins/'.length) : null
    const limit = Number(/limit=(\d+)/.exec(url)?.[1] ?? 10)
    const body = id === null ? (lists[Math.min(limit, 100) - 1] ?? '') : one.replace('@', id)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
})
