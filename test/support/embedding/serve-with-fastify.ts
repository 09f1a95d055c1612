import type { Server } from 'node:http'
import fastify from 'fastify'
import type { Gateway } from '../../../src/index.ts'

export async function serveWithFastify(gateway: Gateway, port: number): Promise<Server> {
  const app = fastify()
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, leave) => leave(null))
    scope.all('/graphql', (request, reply) => {
      reply.hijack()
      gateway.handle(request.raw, reply.raw)
    })
    done()
  })
  app.server.on('upgrade', gateway.upgrade)
  await app.listen({ port })
  return app.server
}
