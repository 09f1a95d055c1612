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
  /** The endpoint of a service under another host name. */
  const under = (hostname: string, endpoint: string): string => Object.assign(new URL(endpoint), { hostname }).href

  it('stands between pinql and a service when it is configured', async () => {
    await using service = await startEmulatedProvider(compliant)
    seedPins(service, 1)
    await using proxy = await startProxy()
    const endpoint = under('pins.example', service.endpoint)
    await using api = startTestApi({
      services: [{ name: 'one', endpoint }],
      proxy: { httpProxy: proxy.url, httpsProxy: proxy.url },
    })

    expect(await api.query(NAMES)).toEqual(FOUND)
    expect(proxy.targets).toEqual([new URL(endpoint).host])
    expect(service.requests.map(({ token }) => token)).toEqual([ALICE])
  })

  it.each(['127.0.0.1', 'localhost'])(
    'is left out for all names and addresses of this machine: %s',
    async (hostname) => {
      await using service = await startEmulatedProvider(compliant)
      seedPins(service, 1)
      await using proxy = await startProxy()
      await using api = startTestApi({
        services: [{ name: 'one', endpoint: under(hostname, service.endpoint) }],
        proxy: { httpProxy: proxy.url },
      })

      expect(await api.query(NAMES)).toEqual(FOUND)
      expect(proxy.targets).toEqual([])
    },
  )

  it('is left out for the hosts of noProxy', async () => {
    await using service = await startEmulatedProvider(compliant)
    seedPins(service, 1)
    await using proxy = await startProxy()
    // It leads to this machine, and is no address of it.
    const endpoint = under('0.0.0.0', service.endpoint)
    await using api = startTestApi({
      services: [{ name: 'one', endpoint }],
      proxy: { httpProxy: proxy.url, noProxy: '.example,0.0.0.0' },
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

/** A proxy that tunnels with CONNECT, and notes where to. All names are of this machine. */
async function startProxy(): Promise<AsyncDisposable & { readonly url: string; readonly targets: readonly string[] }> {
  const targets: string[] = []
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', ({ url = '' }, client, head) => {
    targets.push(url)
    const service = connect(Number(new URL(`http://${url}`).port), '127.0.0.1', () => {
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
