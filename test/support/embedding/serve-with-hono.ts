import { once } from 'node:events'
import type { Server } from 'node:http'
import { type HttpBindings, serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { Gateway } from '../../../src/index.ts'

export async function serveWithHono(gateway: Gateway, port: number): Promise<Server> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.all('/graphql', ({ env }) => {
    gateway.handle(env.incoming, env.outgoing)
    return RESPONSE_ALREADY_SENT
  })
  const server = serve({ fetch: app.fetch, port, overrideGlobalObjects: false })
  server.on('upgrade', gateway.upgrade)
  await once(server, 'listening')
  return server as Server
}
