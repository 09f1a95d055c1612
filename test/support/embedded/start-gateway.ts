import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { CarBlock } from '../../../src/embedded/dag/car.ts'

interface GatewayRequest {
  /** The query `format`: `car` or `raw`. Null when a redirect lost it. */
  readonly format: string | null
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly GatewayRequest[]
}

/** A trustless gateway whose answers the test makes. */
export async function startTestGateway(
  answer: (request: GatewayRequest, response: ServerResponse) => void,
): Promise<TestGateway> {
  const requests: GatewayRequest[] = []
  const server = createServer(({ url = '', headers }, response) => {
    const format = new URL(url, 'http://gateway').searchParams.get('format')
    const request = { format, path: url, headers }
    requests.push(request)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Makes a raw block. */
export async function rawBlock(bytes: Uint8Array): Promise<CarBlock> {
  return { cid: CID.createV1(0x55, await sha256.digest(bytes)), bytes }
}

/** Makes a node with links to these blocks, and returns it before them: the order of a CAR file. */
export async function dagOf(leaves: readonly CarBlock[]): Promise<[root: CarBlock, ...leaves: CarBlock[]]> {
  const Links = leaves.map(({ cid }, i) => ({ Hash: cid, Name: `${i}`.padStart(4, '0'), Tsize: 1 }))
  const bytes = dagPb.encode(dagPb.prepare({ Links }))
  return [{ cid: CID.createV1(dagPb.code, await sha256.digest(bytes)), bytes }, ...leaves]
}
