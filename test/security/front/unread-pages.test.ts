import { expect, it } from 'vitest'
import { startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { connectTo, type RawConnection } from '../../support/send-raw.ts'

const PAGE = 'GET /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n'

it('GraphiQL that 100 clients ask for and do not read takes no more memory than for one', async () => {
  await using gateway = await startAttackedGateway()
  const first = await fetch(gateway.url, { headers: { accept: 'text/html' } })
  expect((await first.text()).length).toBeGreaterThan(5_000_000)
  const broken = await gateway.brokenPromises(async () => {
    const clients: RawConnection[] = []
    for (let asked = 0; asked < 100; asked++) {
      const client = await connectTo(gateway.url)
      client.socket.pause()
      // Some of them ask several times on one connection.
      client.write(asked % 2 === 0 ? PAGE : PAGE.repeat(4))
      clients.push(client)
    }
    // Whatever the pages cost is in memory once requests that came later are answered.
    for (let asked = 0; asked < 30; asked++) await (await fetch(`${gateway.url}?query=%7B__typename%7D`)).text()
    for (const client of clients) client[Symbol.dispose]()
  })
  expect(broken).toEqual([])
})
