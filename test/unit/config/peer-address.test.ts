import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { announcedAddress, listenAddress } from '../../../src/config/peer-address.ts'

describe('an announced address', () => {
  it.each([
    '/ip4/203.0.113.7/tcp/4001',
    '/ip6/2001:db8::1/tcp/4001',
    '/dns4/pins.example.com/tcp/4001',
    '/dns/pins.example.com/tcp/443/wss',
    '/dnsaddr/pins.example.com',
    '/ip4/203.0.113.7/udp/4001/quic-v1',
    '/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAgaCP6pxrURbKAkvoFqNwUzwCKPzjNUVPLTCP1orkuf3',
    '/ip4/10.0.0.1/tcp/65535',
  ])('may be %s', (text) => {
    expect(announcedAddress(text)).toBe(text)
  })

  it.each([
    '',
    '203.0.113.7:4001',
    'https://pins.example.com',
    '/ip4/0.0.0.0/tcp/4001',
    '/ip6/::/tcp/4001',
    '/ip6/0:0:0:0:0:0:0:0/tcp/4001',
    '/ip4/203.0.113.7',
    '/ip4/203.0.113.7/tcp/0',
    '/ip4/203.0.113.7/tcp/65536',
    '/ip4/203.0.113/tcp/4001',
    '/ip4/pins.example.com/tcp/4001',
    '/ip6/fe80::1%eth0/tcp/4001',
    '/tcp/4001',
    `/dns4/pins.example.com/tcp/4001/${'x'.repeat(1_024)}`,
  ])('may not be %s', (text) => {
    expect(announcedAddress(text)).toBe(null)
  })
})

it.each([
  ['/ip4/0.0.0.0/tcp/4001', true],
  ['/ip6/::/tcp/0', true],
  ['/ip4/127.0.0.1/tcp/4001', true],
  ['/ip4/0.0.0.0/udp/4001/quic-v1', false],
  ['/ip4/0.0.0.0/tcp/4001/ws', false],
  ['/dns4/localhost/tcp/4001', false],
  ['/ip4/0.0.0.0/tcp/99999', false],
  ['0.0.0.0:4001', false],
])('takes %s for a place to listen: %s', (text, isOne) => {
  expect(listenAddress(text)).toBe(isOne ? text : null)
})

describe('the settings announce and listen', () => {
  it('are lists, or one text with commas', () => {
    const { announce, listen } = parseConfig({
      announce: '/ip4/203.0.113.7/tcp/4001, /dns4/pins.example.com/tcp/4001' as never,
      listen: ['/ip4/0.0.0.0/tcp/4001'],
    })
    expect(announce).toEqual(['/ip4/203.0.113.7/tcp/4001', '/dns4/pins.example.com/tcp/4001'])
    expect(listen).toEqual(['/ip4/0.0.0.0/tcp/4001'])
  })

  it.each([
    [
      { announce: ['pins.example.com:4001'] },
      'announce.0: expected a list of at most 20 addresses, each a multiaddr with a host and a port that others can reach',
    ],
    [
      { announce: Array.from({ length: 21 }, (_, i) => `/ip4/203.0.113.${i}/tcp/1`) },
      'announce: expected a list of at most 20',
    ],
    [{ listen: ['0.0.0.0:4001'] }, 'listen.0: expected a list of addresses, each an IP address and a TCP port'],
    [
      { announce: ['/ip4/203.0.113.7/tcp/4001'], services: { one: { provider: 'filebase' } } },
      'announce: expected none without an embedded service',
    ],
    [
      { listen: ['/ip4/0.0.0.0/tcp/4001'], services: { one: { provider: 'embedded', pinner: 'kubo' } } },
      'listen: expected none beside "pinner: kubo"',
    ],
  ])('stop the start where they are wrong: %j', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message)
  })

  it('may name the addresses of Kubo', () => {
    const services = { one: { provider: 'embedded', pinner: 'kubo' } } as const
    expect(parseConfig({ announce: ['/ip4/203.0.113.7/tcp/4001'], services }).announce).toHaveLength(1)
  })
})
