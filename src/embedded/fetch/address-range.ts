import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Addresses that mean every address of the host when a server listens there. */
const ANY = rangesOf('0.0.0.0/8', '::/128')

/** True for an address that means every address of the host, in any spelling: `0.0.0.0`, `::`, `::ffff:0.0.0.0`. */
export function isAnyAddress(address: string): boolean {
  return isIPv4(address) ? ANY.check(address, 'ipv4') : isIPv6(address) && ANY.check(address, 'ipv6')
}

/** The network of an IP address: this host, a private network, the internet, or none that may be dialled. */
export type AddressRange = 'loopback' | 'private' | 'public' | 'reserved'

const LOOPBACK = rangesOf('127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128')
const PRIVATE = rangesOf(
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '198.18.0.0/15',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
)
const RESERVED = rangesOf('224.0.0.0/4', '240.0.0.0/4', '192.0.0.0/24', 'ff00::/8', '100::/64')
/** IPv6 prefixes of addresses that contain an IPv4 address: mapped, compatible, translated and tunnelled ones. */
const EMBEDDING = rangesOf('::ffff:0:0/96', '::/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32')

/**
 * Classifies an IP address.
 *
 * IPv6 addresses that contain an IPv4 address are `reserved`: they would evade the ranges of IPv4, and no origin needs them.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 sibling
 */
export function addressRange(address: string): AddressRange {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (family === 'ipv6' && !isIPv6(address)) return 'reserved'
  if (LOOPBACK.check(address, family)) return 'loopback'
  if (RESERVED.check(address, family)) return 'reserved'
  if (family === 'ipv6' && EMBEDDING.check(address, family)) return 'reserved'
  return PRIVATE.check(address, family) ? 'private' : 'public'
}

function rangesOf(...ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}
