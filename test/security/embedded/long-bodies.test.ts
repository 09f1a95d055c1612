import { expect, it } from 'vitest'
import { startAttackedService } from '../../support/embedded/start-attacked-service.ts'
import { connectTo, type RawConnection } from '../../support/send-raw.ts'

const MIB = 1024 ** 2
const BODIES = 300
const BODY = Buffer.alloc(500_000, 'x')
const HEAD = [
  'POST /pins HTTP/1.1',
  'Host: x',
  'Authorization: Bearer token-a',
  `Content-Length: ${BODY.length + 1}`,
  '\r\n',
].join('\r\n')

it('bodies that come in part have so much room together, and another token adds pins all the while', async () => {
  await using service = await startAttackedService()
  const before = await service.state()
  const clients: RawConnection[] = []
  const refused = (): number => clients.filter(({ received }) => received.startsWith('HTTP/1.1 429 ')).length
  const after = await service.stateAfter(async () => {
    for (let n = 0; n < BODIES; n++) {
      const client = await connectTo(service.endpoint)
      client.socket.write(HEAD)
      client.socket.write(BODY)
      clients.push(client)
    }
    // All others have room.
    await expect.poll(refused, { timeout: 20_000 }).toBe(BODIES - Math.floor((32 * MIB) / BODY.length))
  })
  expect(after.usedBytes - before.usedBytes).toBeLessThan(64 * MIB)

  await service.honest.add({ cid: 'f01550000', meta: { a: 'x'.repeat(60_000) } })
  for (const client of clients) client[Symbol.dispose]()
  await service.client.add({ cid: 'f01550000', meta: { a: 'x'.repeat(60_000) } })
  expect(service.errors).toEqual([])
})
