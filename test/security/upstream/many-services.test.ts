import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { many } from '../../support/attacked/costly-operations.ts'
import { startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

it('a hundred lookups at once at each of 400 services of one host harm nobody', async () => {
  const service = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"count":0,"results":[]}')
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const answers = new Set<string>()
  let broken: string[]
  {
    await using gateway = await startAttackedGateway({
      services: Object.fromEntries(
        many(400, (n) => [`s-${n}`, { endpoint: `${endpoint}/${n}`, token: 'token-of-all' }]),
      ),
    })
    const ask = async (n: number): Promise<void> => {
      const body = JSON.stringify({ query: `{ content(cid: "${exampleCid(n)}") { pins { id } } }` })
      const headers = { 'content-type': 'application/json' }
      answers.add(await (await fetch(gateway.url, { method: 'POST', headers, body })).text())
    }
    broken = await gateway.brokenPromises(() => Promise.all(many(100, ask)))
  }
  service.closeAllConnections()
  service.close()
  expect(broken).toEqual([])
  expect([...answers]).toEqual(['{"data":{"content":{"pins":[]}}}'])
})
