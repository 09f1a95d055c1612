import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const TOKEN = 'held.tok+en/0123456789'

/** A CID whose text has the token's longest row of letters and digits in it, as a service may make it. */
const cidWith = (text: string): string => CID.createV1(0x55, identity.digest(Buffer.from(text))).toString()

/** A service that repeats the token of each request wherever it can, in all forms that an answer may have. */
async function startParrot(records: (token: string) => readonly object[]) {
  const server = createServer((req, res) => {
    const token = (req.headers.authorization ?? '').replace('Bearer ', '')
    const results = records(token)
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ count: results.length, results }).replaceAll('/', '\\/'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const record = (requestid: string, pin: object, more: object = {}) => ({
  requestid,
  status: 'pinned',
  created: '2026-01-31T12:00:00Z',
  delegates: [],
  pin: { cid: exampleCid(1), ...pin },
  ...more,
})

it('shows a held token to nobody, wherever the service repeats it', async () => {
  await using parrot = await startParrot((token) => [
    record('1', { name: `a ${token} b`, meta: { [`k ${token}`]: `v ${token}` }, origins: [`/dns4/${token}`] }),
    record('2', { name: encodeURIComponent(token) }, { info: { error: token, nested: { token } }, delegates: [token] }),
    record('3', { name: JSON.stringify(token) }, { status: token }),
    record(token, { name: 'its id' }),
    record('4', { name: 'fine' }),
  ])
  await using gateway = await startTestGateway({
    services: { one: { endpoint: parrot.endpoint, token: TOKEN, capabilities: { count: 'matching', order: 'none' } } },
  })
  const answer = await gateway.query(
    '{ pins(first: 10) { nodes { requestId name meta info origins delegates status failureReason } warnings { message received reason } } }',
  )
  const text = JSON.stringify([answer, gateway.logged])

  expect(text).not.toMatch(/0123456789/)
  expect(text).toContain('a [token] b')
  expect(text).toContain('fine')
  expect(text).toContain('no secret')
})

it('changes nothing in pins of an honest service, whose texts look like parts of the token', async () => {
  await using honest = await startParrot(() => [
    record('1', { name: '0123456789', cid: cidWith('0123456789'), meta: { held: 'tok' } }),
  ])
  await using gateway = await startTestGateway({
    services: { one: { endpoint: honest.endpoint, token: TOKEN, capabilities: { count: 'matching', order: 'none' } } },
  })
  const { data } = await gateway.query('{ pins { nodes { name meta } } }')

  expect(data).toEqual({ pins: { nodes: [{ name: '0123456789', meta: { held: 'tok' } }] } })
})
