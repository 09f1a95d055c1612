import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { serve } from './start-process.ts'

/** The least that a proxy can do in Node: hand the request on and the answer back. */
serve(async ({ endpoint, paceMs = 0 }: { endpoint: string; paceMs?: number }) => {
  const { origin, pathname } = new URL(endpoint)
  const base = pathname === '/' ? '' : pathname
  const pool = new Pool(origin, { connections: 64 })
  let nextAt = 0

  /** One request every `paceMs`: how a gateway without batching keeps to a limit. */
  async function wait(): Promise<void> {
    if (paceMs === 0) return
    const now = performance.now()
    nextAt = Math.max(now, nextAt + paceMs)
    await new Promise((resolve) => setTimeout(resolve, nextAt - now))
  }

  const server = createServer(async ({ url = '/', headers }, response) => {
    await wait()
    const {
      statusCode,
      headers: answered,
      body,
    } = await pool.request({
      method: 'GET',
      path: `${base}${url}`,
      headers: { authorization: headers.authorization ?? '' },
    })
    response.writeHead(statusCode, { 'content-type': answered['content-type'] ?? '' })
    body.pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
})
