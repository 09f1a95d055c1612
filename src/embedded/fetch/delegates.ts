import { BlockList, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { addressRange, isAnyAddress } from './address-range.ts'

/** The Pinning Service API allows so many for a pin. */
const MAX_DELEGATES = 20

/** Addresses that mean something on one link only. */
const LINK_LOCAL = new BlockList()
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4')
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6')

/** Names of interfaces that a machine has for its own containers and virtual machines: nobody else reaches their addresses. */
const VIRTUAL = /^(?:docker|br-[0-9a-f]{12}$|veth|virbr|vboxnet|vmnet|cni|flannel|cali|podman|lxc|lxd)/

/** From where an address can be reached. */
type Nearness = 'nowhere' | 'this machine' | 'this network' | 'everywhere'

/**
 * Selects the addresses of a peer that clients are given as delegates.
 *
 * Of IPv4 and of IPv6, these are the public ones, or else those of private networks. Where there is neither, all is on one machine, and those
 * of loopback are given. Addresses of one link, and of bridges of containers, are left out wherever there are others.
 *
 * @param addresses multiaddrs of the peer
 * @param interfaceOf returns the name of this machine's interface with an IP address, if it has one. Default: as the system says.
 * @returns at most 20. Empty for none only.
 */
export function reachableAddresses(
  addresses: readonly string[],
  interfaceOf: (address: string) => string | undefined = interfacesOfThisMachine(),
): readonly string[] {
  const from = addresses.map((address) => nearnessOf(address, interfaceOf))
  const at = (wanted: Nearness): readonly string[] => addresses.filter((_, i) => from[i] === wanted)
  const everywhere = at('everywhere')
  const families = new Set(everywhere.map(kindOf))
  const far = [...everywhere, ...at('this network').filter((address) => !families.has(kindOf(address)))]
  const best = [far, at('this machine'), addresses].find((list) => list.length > 0) ?? []
  return [...new Set(best)].slice(0, MAX_DELEGATES)
}

/**
 * Completes the addresses that the operator announces by the id of the peer.
 *
 * @param peerId null while it is unknown. Addresses without an id are left out then.
 * @throws {Error} in words, for an address that is no multiaddr, or that names another peer
 */
export function announcedDelegates(announced: readonly string[], peerId: string | null): readonly string[] {
  return announced.flatMap((text) => {
    const last = lastPartOf(text)
    if (last?.name !== 'p2p') return peerId === null ? [] : [`${text.replace(/\/$/, '')}/p2p/${peerId}`]
    if (peerId === null || last.value === peerId) return [text]
    throw new Error(
      `The announced address ${text} names another peer than this one: expected no /p2p/…, or /p2p/${peerId}`,
    )
  })
}

function lastPartOf(text: string): { name: string; value?: string } | undefined {
  try {
    return multiaddr(text).getComponents().at(-1)
  } catch (cause) {
    throw new Error(`The announced address ${text} is no multiaddr: ${String(cause)}`, { cause })
  }
}

function nearnessOf(address: string, interfaceOf: (address: string) => string | undefined): Nearness {
  const [, kind, host = ''] = address.split('/', 3)
  if (kind !== 'ip4' && kind !== 'ip6') return 'everywhere'
  const range = addressRange(host)
  if (range === 'reserved' || isAnyAddress(host) || LINK_LOCAL.check(host, isIPv4(host) ? 'ipv4' : 'ipv6'))
    return 'nowhere'
  if (range === 'loopback') return 'this machine'
  if (range === 'public') return 'everywhere'
  return VIRTUAL.test(interfaceOf(host) ?? '') ? 'nowhere' : 'this network'
}

/** Returns the first protocol of a multiaddr, such as `ip4`. */
function kindOf(address: string): string | undefined {
  return address.split('/', 2)[1]
}

function interfacesOfThisMachine(): (address: string) => string | undefined {
  const names = new Map<string, string>()
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    for (const { address } of addresses) names.set(address, name)
  }
  return (address) => names.get(address)
}
