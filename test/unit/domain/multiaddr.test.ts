import { describe, expect, it } from 'vitest'
import { parseMultiaddr } from '../../../src/domain/multiaddr.ts'

const ed25519Peer = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
const rsaPeer = 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'

describe('parseMultiaddr', () => {
  it.each([
    `/ip4/127.0.0.1/tcp/4001/p2p/${ed25519Peer}`,
    `/ip6/::1/udp/4001/quic-v1/p2p/${ed25519Peer}`,
    `/dns4/example.com/tcp/443/wss/p2p/${rsaPeer}`,
    `/dnsaddr/example.com/p2p/${rsaPeer}`,
    `/ip4/203.0.113.1/tcp/4001/p2p/${rsaPeer}/p2p-circuit/p2p/${ed25519Peer}`,
  ])('takes %s as it is', (text) => {
    expect(parseMultiaddr(text)).toBe(text)
  })

  it.each([
    '',
    'localhost:4001',
    '/ip4/127.0.0.1/tcp/4001',
    '/ip4/999.0.0.1/tcp/4001/p2p/12D3',
    '/ip4/127.0.0.1/tcp/4001/p2p/xyz',
    `/p2p/${ed25519Peer}/p2p-circuit`,
  ])('refuses %j and says what was expected and what came', (text) => {
    expect(() => parseMultiaddr(text, 'input.origins[0]')).toThrow(
      expect.objectContaining({
        name: 'BadRequestError',
        argument: 'input.origins[0]',
        expected: 'a multiaddr that ends in /p2p/{peerId}',
        received: JSON.stringify(text),
      }),
    )
  })
})
