import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { examplePin } from './example-pin.ts'
import { serve } from './start-process.ts'

/** A service that answers at once, always alike: 100 pins to a list, and the pin that is asked for to anything else. */
serve(async () => {
  const results = Array.from({ length: 100 }, (_, n) => examplePin(n, `pin-${n}`))
  const list = JSON.stringify({ count: 100, results })
  const one = JSON.stringify(examplePin(0, '@'))
  const server = createServer(({ url = '' }, response) => {
    const id = url.startsWith('/pins/') ? url.slice('/pins/'.length) : null
    const body = id === null ? list : one.replace('@', id)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
})
