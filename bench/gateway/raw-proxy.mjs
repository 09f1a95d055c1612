// The least that a proxy can do in Node: it passes a GET on by undici's dispatch, and the answer back as it comes.
// Plain JavaScript, since its processor time is what others are compared with.
//
//   UPSTREAM=http://127.0.0.1:9000 PORT=9001 node bench/gateway/raw-proxy.mjs
import { createServer } from 'node:http'
import { Pool } from 'undici'

const pool = new Pool(process.env.UPSTREAM, { connections: 64, keepAliveTimeout: 60_000 })

createServer(({ url, headers }, response) => {
  pool.dispatch(
    { path: url, method: 'GET', headers: headers.authorization ? { authorization: headers.authorization } : {} },
    {
      onRequestStart() {},
      onResponseStart(_controller, statusCode, answered) {
        response.writeHead(statusCode, {
          'content-type': answered['content-type'],
          'content-length': answered['content-length'],
        })
      },
      onResponseData(_controller, chunk) {
        response.write(chunk)
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError() {
        response.writeHead(502, { 'content-length': 0 }).end()
      },
    },
  )
}).listen(Number(process.env.PORT), '127.0.0.1', 4096)
