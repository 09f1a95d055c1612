import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { requestsAt, seedPins, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { ALICE, startTestApi } from '../../support/start-test-api.ts'

const NAMES = '{ pins { nodes { name } } }'
const FOUND = { data: { pins: { nodes: [{ name: 'pin 1' }] } } }

describe('an endpoint', () => {
  it.each(['', '/', '/pins', '/pins/', '//'])('keeps its path when it is given with %j behind it', async (suffix) => {
    await using service = await startEmulatedProvider({ ...compliant, basePath: '/v1/ipfs' })
    seedPins(service, 1)
    await using api = startTestApi({ services: [{ name: 'one', endpoint: `${service.endpoint}${suffix}` }] })

    expect(await api.query(NAMES)).toEqual(FOUND)
    expect(requestsAt(service)).toEqual(['GET /pins'])
  })
})

describe('a proxy', () => {
  it('stands between pinql and a service when it is configured', async () => {
    await using service = await startEmulatedProvider(compliant)
    seedPins(service, 1)
    await using proxy = await startProxy()
    await using api = startTestApi({
      services: [{ name: 'one', endpoint: service.endpoint }],
      proxy: { httpProxy: proxy.url, httpsProxy: proxy.url },
    })

    expect(await api.query(NAMES)).toEqual(FOUND)
    expect(proxy.targets).toEqual([new URL(service.endpoint).host])
    expect(service.requests.map(({ token }) => token)).toEqual([ALICE])
  })

  it('is left out for the hosts of noProxy', async () => {
    await using service = await startEmulatedProvider(compliant)
    seedPins(service, 1)
    await using proxy = await startProxy()
    await using api = startTestApi({
      services: [{ name: 'one', endpoint: service.endpoint }],
      proxy: { httpProxy: proxy.url, noProxy: '127.0.0.1' },
    })

    expect(await api.query(NAMES)).toEqual(FOUND)
    expect(proxy.targets).toEqual([])
  })

  it('is not taken from the environment, which only the configuration reads', async () => {
    await using proxy = await startProxy()
    vi.stubEnv('HTTP_PROXY', proxy.url)
    vi.stubEnv('http_proxy', proxy.url)
    await using setup = await startSetup()
    seedPins(setup.service, 1)

    expect(await setup.api.query(NAMES)).toEqual(FOUND)
    expect(proxy.targets).toEqual([])
    vi.unstubAllEnvs()
  })
})

/** A proxy that tunnels with CONNECT, and notes where to. */
async function startProxy(): Promise<AsyncDisposable & { readonly url: string; readonly targets: readonly string[] }> {
  const targets: string[] = []
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', ({ url = '' }, client, head) => {
    targets.push(url)
    const { hostname, port } = new URL(`http://${url}`)
    const service = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      service.write(head)
      client.pipe(service).pipe(client)
    })
    service.on('error', () => client.destroy())
    client.on('error', () => service.destroy())
    client.on('close', () => service.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
