import { expect, it } from 'vitest'
import { connectTo, type RawConnection } from '../../support/send-raw.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const MEGABYTE = 1024 * 1024
const PAGE = 'GET /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n'

it('GraphiQL that 100 clients ask for and do not read takes no more memory than for one', async () => {
  await using gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
  const first = await fetch(gateway.url, { headers: { accept: 'text/html' } })
  expect((await first.text()).length).toBeGreaterThan(5_000_000)
  const before = process.memoryUsage()
  const clients: RawConnection[] = []
  for (let asked = 0; asked < 100; asked++) {
    const client = await connectTo(gateway.url)
    client.socket.pause()
    // Some of them ask several times on one connection.
    client.write(asked % 2 === 0 ? PAGE : PAGE.repeat(4))
    clients.push(client)
  }
  const health = await fetch(new URL('/health', gateway.url))
  expect(health.status).toBe(200)
  const after = process.memoryUsage()
  expect((after.arrayBuffers - before.arrayBuffers) / MEGABYTE).toBeLessThan(30)
  expect((after.heapUsed - before.heapUsed) / MEGABYTE).toBeLessThan(60)
  for (const client of clients) client[Symbol.dispose]()
})
