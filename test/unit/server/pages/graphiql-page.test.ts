import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { GraphiqlPage } from '../../../../src/server/pages/graphiql-page.ts'

const HTML = `<html>${'GraphiQL '.repeat(1_000)}</html>`

let rendered: number
let failures: number
let url: string
let stop: () => void
beforeEach(async () => {
  rendered = 0
  failures = 0
  const page = new GraphiqlPage(async () => {
    rendered++
    if (failures-- > 0) throw new Error('The page cannot be rendered')
    return HTML
  })
  const server = createServer((req, res) => {
    res.setHeader('vary', 'origin')
    page.serve(req, res).catch(() => res.writeHead(500).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = () => void server.close()
})
afterEach(() => stop())

async function get(headers: IncomingHttpHeaders = {}, method = 'GET') {
  const [response] = await once(request(url, { method, headers, agent: false }).end(), 'response')
  return { status: response.statusCode as number, headers: response.headers, body: await buffer(response) }
}

it('is rendered once, however many ask for it at the same time', async () => {
  const answers = await Promise.all(
    ['br', 'gzip', '', 'br', 'gzip', ''].map((each) => get({ 'accept-encoding': each })),
  )
  expect(rendered).toBe(1)
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
  const [br, gzip, identity] = answers
  expect(brotliDecompressSync(br?.body ?? '').toString()).toBe(HTML)
  expect(gunzipSync(gzip?.body ?? '').toString()).toBe(HTML)
  expect(identity?.body.toString()).toBe(HTML)
})

it.each([
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip', 'gzip'],
  ['br;q=0, gzip;q=0.5', 'gzip'],
  ['BR;q=1.0', 'br'],
  ['br; q=0.000', undefined],
  ['', undefined],
  ['*', undefined],
])('is sent in the best encoding of %j', async (accepted, expected) => {
  const { headers } = await get({ 'accept-encoding': accepted })
  expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', vary: 'origin, accept, accept-encoding' })
  expect(headers['content-encoding']).toBe(expected)
})

it('is not sent to a browser that has it', async () => {
  const { headers } = await get({ 'accept-encoding': 'br' })
  const etag = String(headers.etag)
  expect(headers['cache-control']).toBe('no-cache')
  for (const tags of [etag, `W/${etag}`, `"other", ${etag}`]) {
    expect(await get({ 'accept-encoding': 'br', 'if-none-match': tags })).toMatchObject({
      status: 304,
      headers: { etag },
    })
  }
  // The other encoding is another body.
  expect(await get({ 'accept-encoding': 'gzip', 'if-none-match': etag })).toMatchObject({ status: 200 })
})

it('has no body for HEAD', async () => {
  const { status, headers, body } = await get({}, 'HEAD')
  expect([status, headers['content-length'], body.length]).toEqual([200, String(HTML.length), 0])
})

it('is rendered again when that has failed', async () => {
  failures = 1
  expect((await get()).status).toBe(500)
  expect((await get()).status).toBe(200)
})
