import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Gateway } from '../../../src/index.ts'

export async function stopServing(server: Server, gateway: Gateway): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  await gateway.drain()
  server.closeAllConnections()
  await closed
  await gateway[Symbol.asyncDispose]()
}
