import { describe, expect, it } from 'vitest'
import { addressRange } from '../../../../src/embedded/fetch/address-range.ts'
import { defaultDialRanges, resolveOrigin } from '../../../../src/embedded/fetch/dial-policy.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

describe('addressRange', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'private'],
    ['100.64.0.1', 'private'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['fe80::1', 'private'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:10.0.0.1', 'reserved'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:8.8.8.8', 'reserved'],
    ['64:ff9b::7f00:1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['ff02::1', 'reserved'],
    ['hello', 'reserved'],
    ['172.32.0.1', 'public'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
  ])('takes %s for %s', (address, range) => {
    expect(addressRange(address)).toBe(range)
  })
})

describe('defaultDialRanges', () => {
  it('allows everything to a service that only this host can reach', () => {
    expect(defaultDialRanges(['127.0.0.1', '::1', 'localhost'])).toEqual(['loopback', 'private', 'public'])
  })

  it.each([
    ['0.0.0.0'],
    ['::'],
    ['::0'],
    ['0:0:0:0:0:0:0:0'],
    ['::ffff:0.0.0.0'],
    ['192.168.1.5'],
    ['8.8.8.8'],
    ['example.com'],
  ])('allows the internet only to one on %s', (host) => {
    expect(defaultDialRanges(['127.0.0.1', host])).toEqual(['public'])
  })
})

const EVER = { signal: new AbortController().signal }

describe('resolveOrigin', () => {
  it('keeps an address as it is', async () => {
    const origin = `/ip4/8.8.8.8/tcp/4001/p2p/${PEER}`
    expect(await resolveOrigin(origin, ['public'], EVER)).toEqual([origin])
  })

  it('says what is wrong with an unknown host name, and waits no longer than its timeout', async () => {
    const origin = `/dns4/nowhere.invalid/tcp/4001/p2p/${PEER}`
    await expect(resolveOrigin(origin, ['public'], EVER)).rejects.toThrow('its name is not found (')
    const gone = new AbortController()
    const asked = resolveOrigin(origin, ['public'], gone)
    gone.abort()
    await expect(asked).rejects.toThrow('its name is not found (')
  })

  it('resolves a name, and dials the addresses that it checked', async () => {
    const origin = `/dns4/localhost/tcp/4001/p2p/${PEER}`
    expect(await resolveOrigin(origin, ['loopback'], EVER)).toEqual([`/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`])
    await expect(resolveOrigin(origin, ['public', 'private'], EVER)).rejects.toThrow(
      'loopback addresses are not dialled',
    )
  })

  it.each([
    [`/ip4/8.8.8.8/udp/4001/quic-v1/p2p/${PEER}`],
    [`/ip4/8.8.8.8/tcp/4001/ws/p2p/${PEER}`],
    [`/ip4/8.8.8.8/tcp/4001/p2p/${PEER}/p2p-circuit/p2p/${PEER}`],
    [`/dnsaddr/bootstrap.libp2p.io/p2p/${PEER}`],
  ])('refuses %s', async (origin) => {
    await expect(resolveOrigin(origin, ['public', 'private', 'loopback'], EVER)).rejects.toThrow(
      'only addresses of the form',
    )
  })
})
