import { describe, expect, it } from 'vitest'
import { createClientAddresses } from '../../../../src/server/http/client-address.ts'

function addressOf(trustProxy: number | readonly string[], peer: string | undefined, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return createClientAddresses(trustProxy).of({ headers, socket: { remoteAddress: peer } })
}

it('never looks at headers while no proxy is trusted', () => {
  expect(addressOf([], '203.0.113.9', '1.1.1.1')).toBe('203.0.113.9')
  expect(addressOf(0, '203.0.113.9', '1.1.1.1')).toBe('203.0.113.9')
  expect(addressOf([], undefined, '1.1.1.1')).toBe('')
})

describe('behind proxies with known addresses', () => {
  const proxies = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']

  it.each([
    ['the client wrote nothing', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the client wrote addresses of its own', '10.0.0.1', '1.1.1.1, 2.2.2.2, 203.0.113.9', '203.0.113.9'],
    ['the client wrote the address of a proxy', '10.0.0.1', '1.1.1.1, 10.0.0.7, 203.0.113.9', '203.0.113.9'],
    ['there are two proxies', '192.0.2.1', '1.1.1.1, 203.0.113.9, 10.2.3.4', '203.0.113.9'],
    ['the proxy is known by its IPv4 address in IPv6', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the proxy has an IPv6 address', '2001:db8::1', '203.0.113.9', '203.0.113.9'],
    ['the proxy adds ports', '10.0.0.1', '1.1.1.1:80, 203.0.113.9:4711', '203.0.113.9'],
    ['the client comes past the proxies', '198.51.100.7', '203.0.113.9', '198.51.100.7'],
    ['the proxy writes no address', '10.0.0.1', '1.1.1.1, unknown', '10.0.0.1'],
    ['an entry is empty', '10.0.0.1', '1.1.1.1, ', '10.0.0.1'],
    ['all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['there is no such header', '10.0.0.1', undefined, '10.0.0.1'],
  ])('finds the client when %s', (_, peer, forwarded, expected) => {
    expect(addressOf(proxies, peer, forwarded)).toBe(expected)
  })
})

it.each([
  [1, '1.1.1.1, 203.0.113.9', '203.0.113.9'],
  [2, '1.1.1.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  [3, '203.0.113.9', '203.0.113.9'],
])('behind %i proxies, finds the address that the first of them saw', (hops, forwarded, expected) => {
  expect(addressOf(hops, '10.0.0.1', forwarded)).toBe(expected)
})

it('takes all addresses of an IPv6 network for one, since one client has them all', () => {
  const networks = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:0DB8:1:2::', '2001:db8:1:2::1.2.3.4']
  expect(new Set(networks.map((address) => addressOf([], address)))).toEqual(new Set(['2001:db8:1:2::/64']))
  expect(addressOf([], '2001:db8:1:3::1')).toBe('2001:db8:1:3::/64')
  expect(addressOf([], '::1')).toBe('0:0:0:0::/64')
  expect(addressOf(1, '10.0.0.1', '[2001:db8:1:2::9]:4711')).toBe('2001:db8:1:2::/64')
  expect(addressOf([], 'fe80::1%eth0')).toBe('fe80:0:0:0::/64')
})
