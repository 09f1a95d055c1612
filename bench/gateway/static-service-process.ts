import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { examplePin } from './example-pin.ts'
import { serve } from './start-process.ts'

/** A service that answers at once, always alike: a list has the newest of its pins, and every pin exists. */
serve(async ({ pins = 100 }: { pins?: number }) => {
  const lists = new Map<number, Buffer>()
  const [before = '', after = ''] = JSON.stringify(examplePin(7, '@')).split('@')

  function listOf(limit: number): Buffer {
    const results = Array.from({ length: Math.min(limit, pins) }, (_, n) =>
      examplePin(n, `pin-${String(n).padStart(6, '0')}`),
    )
    const list = Buffer.from(JSON.stringify({ count: pins, results }))
    lists.set(limit, list)
    return list
  }

  const server = createServer(({ url = '' }, response) => {
    const id = url.startsWith('/pins/') ? url.slice('/pins/'.length) : null
    const limit = Number(/limit=(\d+)/.exec(url)?.[1] ?? 10)
    const body = id === null ? (lists.get(limit) ?? listOf(limit)) : before + id + after
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
})
