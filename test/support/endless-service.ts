import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exampleCid } from './providers/example-cid.ts'
import { seededRandom } from './seeded-random.ts'

export interface EndlessService extends AsyncDisposable {
  readonly endpoint: string
  /** Number of lists that were answered. */
  readonly lists: number
}

const CIDS = Array.from({ length: 50 }, (_, index) => exampleCid(index))

/**
 * Starts a service that invents pins: each list is full, whatever is asked for, and each of its pins is a new one, at any instant between
 * the two that were asked for.
 */
export async function startEndlessService(): Promise<EndlessService> {
  const random = seededRandom(1)
  let lists = 0
  let pins = 0
  const invent = (after: number, before: number): string =>
    JSON.stringify({
      requestid: `invented-${pins++}`,
      status: 'pinned',
      created: new Date(after + random() * (before - after)).toISOString(),
      pin: { cid: CIDS[pins % CIDS.length], name: 'invented', meta: { text: 'x'.repeat(300) } },
      delegates: ['/dnsaddr/peer.example'],
      info: {},
    })
  const server = createServer((request, response) => {
    lists++
    const query = new URL(request.url ?? '', 'http://localhost').searchParams
    const limit = Math.min(1000, Number(query.get('limit') ?? 10))
    const timeOf = (name: string): number => Date.parse(query.get(name) ?? '')
    const [after, before] = [timeOf('after') || 0, timeOf('before') || Date.now()]
    const results = Array.from({ length: limit }, () => invent(after, before))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(`{"count":${limit + 1},"results":[${results.join(',')}]}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lists() {
      return lists
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
