import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { type AddressRange, addressRange } from './address-range.ts'
import { PinFailure } from './pin-failure.ts'

/** What clients may make the service dial. */
export type DialRange = Exclude<AddressRange, 'reserved'>

/**
 * The ranges that may be dialled unless the configuration names others.
 *
 * A service that only this host can reach may dial whatever this host may. Any other dials the internet only, or its
 * clients could use it to knock on doors of the network that it is in.
 *
 * @param listening IP addresses that the service listens on
 */
export function defaultDialRanges(listening: readonly string[]): DialRange[] {
  const isLocal = listening.every((address) => address === 'localhost' || addressRange(address) === 'loopback')
  // 0.0.0.0 and :: are of the loopback range when they are dialled, but listen everywhere.
  const isEverywhere = listening.some((address) => address === '0.0.0.0' || address === '::')
  return isLocal && !isEverywhere ? ['loopback', 'private', 'public'] : ['public']
}

/**
 * Turns an origin into the addresses that will be dialled: a name is resolved here, once, so that what was checked is
 * what is dialled.
 *
 * @returns multiaddrs of the form `/ip4/…/tcp/…/p2p/…`
 * @throws {PinFailure} where nothing of it may be dialled
 */
export async function resolveOrigin(origin: string, allowed: readonly DialRange[]): Promise<string[]> {
  const [host, tcp, p2p, ...rest] = multiaddr(origin).getComponents()
  const isTcp = tcp?.name === 'tcp' && p2p?.name === 'p2p' && rest.length === 0
  if (!host?.value || !isTcp || !['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(host.name)) {
    throw new PinFailure('only addresses of the form /ip4|ip6|dns…/tcp/…/p2p/… are dialled')
  }
  const addresses = isIP(host.value) ? [host.value] : await resolveName(host.value, host.name)
  const dialled = addresses.filter((address) => (allowed as readonly AddressRange[]).includes(addressRange(address)))
  if (dialled.length === 0) {
    const ranges = [...new Set(addresses.map(addressRange))].join(', ')
    throw new PinFailure(`refused, since ${ranges} addresses are not dialled`)
  }
  return dialled.map((address) => `/ip${isIP(address)}/${address}/tcp/${tcp.value}/p2p/${p2p.value}`)
}

async function resolveName(name: string, kind: string): Promise<string[]> {
  const family = kind === 'dns4' ? 4 : kind === 'dns6' ? 6 : 0
  const found = await lookup(name, { all: true, family })
  return found.map(({ address }) => address)
}
