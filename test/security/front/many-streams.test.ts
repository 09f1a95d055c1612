import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { many } from '../../support/attacked/costly-operations.ts'
import { type AttackedGateway, KNOWN, startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

// Event streams that are opened at the same time, each with a document of its own, so that none shares its work with another.

const TOKEN = 'alice-token'
const PINS = 1_000
const FIELDS = 1_500
const STREAMS = 20
/** Events of each stream that are read: so many that the system takes many at a time, and no stream waits for its reader. */
const READ = 300

let service: EmulatedProvider
let gateway: AttackedGateway
beforeAll(async () => {
  service = await startEmulatedProvider(compliant)
  service.seed(
    TOKEN,
    many(PINS, (n) => ({ cid: exampleCid(n), name: `pin ${n}`, status: 'pinned' as const })),
  )
  gateway = await startAttackedGateway({ services: { one: { endpoint: service.endpoint, token: TOKEN, ...KNOWN } } })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

const aliases = (count: number, field: string) => many(count, (n) => `a${n}: ${field}`).join(' ')

/** Reads so many bytes of a stream as fast as they come, and closes it. Returns the beginning of the first event. */
async function readFast(query: string, bytes: number, method: 'GET' | 'POST' = 'POST'): Promise<string> {
  const accept = { accept: 'text/event-stream' }
  const body = JSON.stringify({ query })
  const asked =
    method === 'GET'
      ? request(`${gateway.url}?query=${encodeURI(query)}`, { headers: accept, agent: false }).end()
      : request(gateway.url, {
          method,
          headers: { ...accept, 'content-type': 'application/json', 'content-length': body.length },
          agent: false,
        }).end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let first = ''
  let read = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (first.length < 200) first += chunk.toString()
    read += chunk.length
    if (read >= bytes) break
  }
  expect(read, first.slice(0, 500)).toBeGreaterThanOrEqual(bytes)
  return first.slice(0, 200)
}

it('twenty snapshots of 1,000 pins with 1,500 fields at once harm nobody', async () => {
  const queryOf = (n: number) =>
    `subscription S${n} { pinsChanged(services: ["one"]) { pin { ${aliases(FIELDS, 'status')} } } }`
  const bytes = READ * FIELDS * '"a0":"PINNED",'.length
  let beginnings: string[] = []
  const broken = await gateway.brokenPromises(
    async () => {
      beginnings = await Promise.all(many(STREAMS, (n) => readFast(queryOf(n), bytes)))
    },
    // Compiled documents are kept.
    { maxKeptBytes: 70 * 1024 ** 2 },
  )
  expect(broken).toEqual([])
  for (const beginning of beginnings) expect(beginning).toContain('data: {"data":{"pinsChanged":{"pin":{"a0":"PINNED"')
})

it('hundreds of streams that are opened by GET at once harm nobody', async () => {
  const start = (n: number) => `subscription S${n} { pinsChanged(services: ["honest"]) { pin {`
  const fields = aliases(800, 'id')
  let beginnings: string[] = []
  const broken = await gateway.brokenPromises(
    async () => {
      beginnings = await Promise.all(many(300, (n) => readFast(`${start(n)} ${fields} } } }`, 1, 'GET')))
    },
    // Documents are kept.
    { maxKeptBytes: 70 * 1024 ** 2 },
  )
  expect(broken).toEqual([])
  for (const beginning of beginnings) expect(beginning).toMatch(/^:\n/)
})
