import { expect, it } from 'vitest'
import { announcedDelegates, reachableAddresses } from '../../../../src/embedded/fetch/delegates.ts'

const ME = '12D3KooWAgaCP6pxrURbKAkvoFqNwUzwCKPzjNUVPLTCP1orkuf3'
const OTHER = '12D3KooWLQRdicE4mZMXoULsG5gSvFh3EqB79q5o6raTPwZ1qwy3'

const LOOPBACK = `/ip4/127.0.0.1/tcp/4001/p2p/${ME}`
const LOOPBACK_6 = `/ip6/::1/tcp/4001/p2p/${ME}`
const LAN = `/ip4/192.168.1.5/tcp/4001/p2p/${ME}`
const LAN_6 = `/ip6/fd00::5/tcp/4001/p2p/${ME}`
const DOCKER = `/ip4/172.17.0.1/tcp/4001/p2p/${ME}`
const BRIDGE = `/ip4/172.18.0.1/tcp/4001/p2p/${ME}`
const LINK = `/ip4/169.254.3.4/tcp/4001/p2p/${ME}`
const LINK_6 = `/ip6/fe80::1/tcp/4001/p2p/${ME}`
const ANY = `/ip4/0.0.0.0/tcp/4001/p2p/${ME}`
const ANY_6 = `/ip6/::/tcp/4001/p2p/${ME}`
const PUBLIC = `/ip4/8.8.8.8/tcp/4001/p2p/${ME}`
const PUBLIC_6 = `/ip6/2606:4700::1/tcp/4001/p2p/${ME}`
const NAME = `/dns4/pins.example.com/tcp/4001/p2p/${ME}`
const RELAYED = `/ip4/9.9.9.9/tcp/4001/p2p/${OTHER}/p2p-circuit/p2p/${ME}`

const interfaceOf = (address: string) =>
  ({ '172.17.0.1': 'docker0', '172.18.0.1': 'br-0123456789ab', '192.168.1.5': 'br-lan' })[address]

it.each([
  ['a public address alone', [LOOPBACK, LAN, PUBLIC], [PUBLIC]],
  ['the private ones where there is no public one', [LOOPBACK, LOOPBACK_6, LAN], [LAN]],
  ['the best of IPv4 and of IPv6', [LOOPBACK, LAN, LAN_6, PUBLIC_6], [PUBLIC_6, LAN]],
  ['loopback where all is on this machine', [LOOPBACK, LOOPBACK_6], [LOOPBACK, LOOPBACK_6]],
  ['loopback rather than a bridge of containers or a link', [DOCKER, BRIDGE, LINK, LINK_6, LOOPBACK], [LOOPBACK]],
  ['no bridge of containers beside the network', [LOOPBACK, DOCKER, LAN, BRIDGE], [LAN]],
  ['no address of one link, and none that stands for all', [ANY, ANY_6, LINK, LINK_6, LAN, LOOPBACK], [LAN]],
  ['names and relays', [LOOPBACK, NAME, RELAYED], [NAME, RELAYED]],
  ['each once', [PUBLIC, PUBLIC], [PUBLIC]],
  ['something where nothing is any good', [LINK], [LINK]],
  ['nothing of nothing', [], []],
])('gives %s', (_, addresses, expected) => {
  expect(reachableAddresses(addresses, interfaceOf)).toEqual(expected)
})

it('gives as many as the Pinning Service API allows', () => {
  const many = Array.from({ length: 30 }, (_, i) => `/ip4/8.8.8.${i}/tcp/4001/p2p/${ME}`)
  expect(reachableAddresses(many)).toEqual(many.slice(0, 20))
})

it.each([
  ['/ip4/203.0.113.7/tcp/4001', `/ip4/203.0.113.7/tcp/4001/p2p/${ME}`],
  ['/dns4/pins.example.com/tcp/4001/', `/dns4/pins.example.com/tcp/4001/p2p/${ME}`],
  [`/ip4/203.0.113.7/tcp/4001/p2p/${ME}`, `/ip4/203.0.113.7/tcp/4001/p2p/${ME}`],
  [`/ip4/9.9.9.9/tcp/4001/p2p/${OTHER}/p2p-circuit`, RELAYED],
])('completes %s by the id of the peer', (text, expected) => {
  expect(announcedDelegates([text], ME)).toEqual([expected])
})

it('refuses an address of another peer, and what is none, in words', () => {
  const other = `/ip4/203.0.113.7/tcp/4001/p2p/${OTHER}`
  expect(() => announcedDelegates([other], ME)).toThrow(
    `The announced address ${other} names another peer than this one: expected no /p2p/…, or /p2p/${ME}`,
  )
  expect(() => announcedDelegates(['/ip4/203.0.113.7/tcp/4001/nothing'], ME)).toThrow(
    'The announced address /ip4/203.0.113.7/tcp/4001/nothing is no multiaddr: ',
  )
  // Kubo may be away at the start.
  expect(announcedDelegates([other, '/ip4/203.0.113.7/tcp/4001'], null)).toEqual([other])
})
