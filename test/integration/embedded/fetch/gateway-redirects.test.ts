import { beforeAll, expect, it } from 'vitest'
import { type CarBlock, carHeader, carSection } from '../../../../src/embedded/dag/car.ts'
import { rawBlock, startTestGateway } from '../../../support/embedded/start-gateway.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

let block: CarBlock
beforeAll(async () => {
  block = await rawBlock(Buffer.from('behind redirects'))
})

const startContent = () =>
  startTestGateway(({ format }, response) => {
    const car = Buffer.concat([carHeader(block.cid), carSection(block.cid, block.bytes)])
    response.end(format === 'car' ? car : block.bytes)
  })

/** A gateway that answers with redirects. */
const startRedirects = (to: (path: string) => string, status = 302) =>
  startTestGateway(({ path }, response) => {
    response.writeHead(status, { location: to(path), 'set-cookie': 'secret=1' }).end('Moved')
  })

async function pinWith(options: Parameters<typeof startTestEmbedded>[0]) {
  await using service = await startTestEmbedded({ limits: { stallTimeoutMs: 1_000 }, ...options })
  const { requestid } = await service.client.add({ cid: block.cid.toString() })
  const { status, info } = await service.client.settled(requestid)
  return { status, details: info.status_details ?? '' }
}

it.each([301, 302, 303, 307, 308])(
  'follows a redirect of status %i, and carries no cookie and no credentials on',
  async (status) => {
    await using content = await startContent()
    const withUser = content.url.replace('//', '//user:secret@')
    await using gateway = await startRedirects((path) => `${withUser}${path}`, status)
    expect(await pinWith({ gateways: [gateway.url] })).toMatchObject({ status: 'pinned' })
    const [{ headers } = { headers: {} }] = content.requests
    expect(headers).toMatchObject({ accept: 'application/vnd.ipld.car' })
    expect(Object.keys(headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/cookie|authorization|referer/)]),
    )
  },
)

it('follows five redirects, and no loop', async () => {
  await using content = await startContent()
  await using hops = await startTestGateway(({ path }, response) => {
    const [, hop = '', rest = ''] = /^\/(\d)(.*)$/.exec(path) ?? ['', '0', path]
    const next = Number(hop) + 1
    response.writeHead(302, { location: next === 5 ? `${content.url}${rest}` : `/${next}${rest}` }).end()
  })
  expect(await pinWith({ gateways: [hops.url] })).toMatchObject({ status: 'pinned' })
  await using loop = await startRedirects((path) => path)
  expect(await pinWith({ gateways: [loop.url] })).toEqual({
    status: 'failed',
    details: expect.stringContaining(`${loop.url}: it redirected more than 5 times`),
  })
})

it('follows redirects of the chosen gateway to itself, wherever it is', async () => {
  await using gateway = await startTestGateway(({ path }, response) => {
    if (!path.startsWith('/moved')) response.writeHead(301, { location: `/moved${path}` }).end()
    else response.end(Buffer.concat([carHeader(block.cid), carSection(block.cid, block.bytes)]))
  })
  expect(await pinWith({ gateways: [gateway.url], dialRanges: ['public'] })).toMatchObject({ status: 'pinned' })
})

it.each([
  ['an address', (port: string) => `http://127.0.0.1:${port}`],
  ['an address in another form', (port: string) => `http://0x7f.1:${port}`],
  ['an address of IPv6', (port: string) => `http://[::ffff:127.0.0.1]:${port}`],
  ['a name', (port: string) => `http://localhost:${port}`],
  ['a name of many', (port: string) => `http://bafy.ipfs.localhost:${port}`],
])('follows no redirect to %s that is not to be dialled', async (_, at) => {
  await using content = await startContent()
  const { port } = new URL(content.url)
  await using gateway = await startRedirects((path) => `${at(port)}${path}`)
  const { status, details } = await pinWith({ gateways: [gateway.url], dialRanges: ['public'] })
  expect(status).toBe('failed')
  expect(details).toMatch(/: refused, since loopback(?:, loopback)* addresses are not dialled$/)
  expect(content.requests).toEqual([])
})

it('follows no redirect from elsewhere back to the gateway', async () => {
  await using content = await startContent()
  const gateways: { url: string }[] = []
  // It cannot be dialled but by the name that the operator chose.
  await using elsewhere = await startRedirects(() => `${gateways[0]?.url}/admin`)
  await using gateway = await startRedirects((path) => (path === '/admin' ? content.url : elsewhere.url))
  gateways.push(gateway)
  const { status } = await pinWith({ gateways: [gateway.url], dialRanges: ['public'] })
  expect(status).toBe('failed')
  expect(gateway.requests.map(({ path }) => path)).not.toContain('/admin')
})
