import { expect, it } from 'vitest'
import { publicOrigins } from '../../../../src/upstream/writes/public-origins.ts'

const PEER = '/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'

const PRIVATE = [
  '/ip4/0.0.0.0/tcp/1',
  '/ip4/10.1.2.3/tcp/1',
  '/ip4/127.0.0.1/udp/1/quic-v1',
  '/ip4/169.254.1.1/tcp/1',
  '/ip4/172.16.0.1/tcp/1',
  '/ip4/172.31.255.255/tcp/1',
  '/ip4/192.168.0.1/tcp/1',
  '/ip4/100.64.0.1/tcp/1',
  '/ip4/100.127.0.1/tcp/1',
  '/ip6/::1/tcp/1',
  '/ip6/::/tcp/1',
  '/ip6/fd00::1/tcp/1',
  '/ip6/FC00::1/tcp/1',
  '/ip6/fe80::1/tcp/1',
  '/dns4/localhost/tcp/1',
  '/dns/node.local/tcp/1',
]

const PUBLIC = [
  '/ip4/203.0.113.1/tcp/1',
  '/ip4/100.63.0.1/tcp/1',
  '/ip4/100.128.0.1/tcp/1',
  '/ip4/172.15.0.1/tcp/1',
  '/ip4/172.32.0.1/tcp/1',
  '/ip4/1.127.0.0/tcp/1',
  '/ip6/2001:db8::1/tcp/1',
  '/ip6/::ffff/tcp/1',
  '/dns4/localhost.example.com/tcp/1',
  '/dnsaddr/bootstrap.libp2p.io',
]

it.each(PRIVATE)('leaves out %s', (address) => {
  expect(publicOrigins([address + PEER])).toEqual([])
})

it('keeps every other, in order', () => {
  const origins = PUBLIC.map((address) => address + PEER)

  expect(publicOrigins([...origins.slice(0, 3), `${PRIVATE[0]}${PEER}`, ...origins.slice(3)])).toEqual(origins)
})
