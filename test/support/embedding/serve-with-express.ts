import { once } from 'node:events'
import type { Server } from 'node:http'
import express from 'express'
import type { Gateway } from '../../../src/index.ts'

export async function serveWithExpress(gateway: Gateway, port: number): Promise<Server> {
  const app = express()
  app.all('/graphql', gateway.handle)
  app.use(express.json())
  const server = app.listen(port)
  server.on('upgrade', gateway.upgrade)
  await once(server, 'listening')
  return server
}
