import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

const REQUEST_LINE = /(?:GET|POST|DELETE) \S+ HTTP\/1\.1\r\n/g

/** Passes connections on, and notes when each HTTP request comes. It also sees what is sent to a link that is down. */
export interface RequestCounter extends AsyncDisposable {
  readonly endpoint: string
  /** When requests came, by `performance.now()`. */
  readonly times: readonly number[]
}

export async function startRequestCounter(upstream: string): Promise<RequestCounter> {
  const { hostname, port, pathname } = new URL(upstream)
  const times: number[] = []
  const server = createServer((client) => {
    const service = connect(Number(port), hostname)
    const end = (): void => {
      client.resetAndDestroy()
      service.destroy()
    }
    client.on('data', (bytes) => {
      for (const _ of bytes.toString('latin1').matchAll(REQUEST_LINE)) times.push(performance.now())
      service.write(bytes)
    })
    service.on('data', (bytes) => client.write(bytes))
    for (const socket of [client, service]) socket.on('error', end).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname.replace(/\/$/, '')}`,
    times,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
